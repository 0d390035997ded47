" One step per block.
if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=SynccIndent(v:lnum) indentkeys=0},o,O,!^F
let b:undo_indent = 'setlocal indentexpr< indentkeys<'

if exists('*SynccIndent')
  finish
endif

function SynccIndent(line)
  let above = prevnonblank(a:line - 1)
  let indent = above ? indent(above) : 0
  if getline(above) =~# '{\s*\%(#.*\)\=$'
    let indent += shiftwidth()
  endif
  if getline(a:line) =~# '^\s*}'
    let indent -= shiftwidth()
  endif
  return indent
endfunction

" Writes, for each file that $SYNCC_FILES names, the highlight groups of its bytes to FILE.painted beside it:
" one line per line, `GROUP*COUNT` with blanks between.
set encoding=utf-8 fileformats=unix nomodeline
filetype plugin indent on
syntax on
for s:file in split($SYNCC_FILES, "\n")
  execute 'edit' fnameescape(s:file)
  let s:lines = []
  for s:line in range(1, line('$'))
    let s:runs = []
    let s:group = ''
    let s:count = 0
    for s:column in range(1, len(getline(s:line)))
      let s:here = synIDattr(synID(s:line, s:column, 1), 'name')
      if s:here !=# s:group && s:count
        call add(s:runs, s:group . '*' . s:count)
        let s:count = 0
      endif
      let s:group = s:here
      let s:count += 1
    endfor
    call add(s:runs, s:group . '*' . s:count)
    call add(s:lines, join(s:runs, ' '))
  endfor
  call writefile(s:lines, s:file . '.painted')
endfor
qall!

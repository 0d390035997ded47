" :make checks the project of the working directory, :make -C DIR another one, and fills the quickfix list.
if exists('current_compiler')
  finish
endif
let current_compiler = 'syncc'

CompilerSet makeprg=syncc\ check\ --format\ short
" The last two are findings without a place; what is none of them is no finding.
CompilerSet errorformat=
      \%f:%l:%c:\ %trror%m,
      \%f:%l:%c:\ %tarning%m,
      \%I%f:%l:%c:\ advice%m,
      \%trror%m,
      \%tarning%m,
      \%-G%.%#

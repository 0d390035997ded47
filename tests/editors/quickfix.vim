" Reads $SYNCC_FINDINGS as `:make` reads what the program prints, and writes the list as JSON beside it.
compiler syncc
execute 'cgetfile' fnameescape($SYNCC_FINDINGS)
call map(getqflist(), {_, it -> {
      \ 'file': bufname(it.bufnr), 'line': it.lnum, 'column': it.col, 'type': it.type, 'text': it.text}})
      \ ->json_encode()->split("\n")->writefile($SYNCC_FINDINGS . '.json')
qall!

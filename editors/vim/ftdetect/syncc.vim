autocmd BufNewFile,BufRead *.sync,schema.lock setfiletype syncc

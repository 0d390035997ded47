-- Settings as in Vim (`editors/vim` belongs on the runtime path as well); with the parser also trees instead of patterns.
if pcall(vim.treesitter.start) then
  vim.wo[0][0].foldmethod = "expr"
  vim.wo[0][0].foldexpr = "v:lua.vim.treesitter.foldexpr()"
  vim.wo[0][0].foldlevel = 99
end

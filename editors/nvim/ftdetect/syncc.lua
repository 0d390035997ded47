vim.filetype.add({
  extension = { sync = "syncc" },
  filename = { ["schema.lock"] = "syncc" },
})

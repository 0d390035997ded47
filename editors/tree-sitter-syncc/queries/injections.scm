([
  (comment)
  (doc_comment)
] @injection.content
  (#set! injection.language "comment"))

((regex) @injection.content
  (#set! injection.language "regex"))

; a schema change of a test
((statement
  word: (path . (word) @_first .)
  argument: (string (string_content) @injection.content))
  (#eq? @_first "ddl")
  (#set! injection.language "sql"))

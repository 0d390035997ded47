(doc_comment) @annotation

((statement
  word: (path . (word) @context .)
  .
  argument: (_) @name) @item
  (#any-of? @context "source" "target" "pipeline" "profile" "param" "test" "table" "lock"))

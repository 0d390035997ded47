((doc_comment)* @doc
  .
  (statement
    word: (path . (word) @_first .)
    .
    argument: (path . (word) @name .)) @definition.module
  (#any-of? @_first "source" "target")
  (#strip! @doc "^##\\s*"))

((doc_comment)* @doc
  .
  (statement
    word: (path . (word) @_first .)
    .
    argument: (path . (word) @name .)) @definition.function
  (#eq? @_first "pipeline")
  (#strip! @doc "^##\\s*"))

((doc_comment)* @doc
  .
  (statement
    word: (path . (word) @_first .)
    .
    argument: (path . (word) @name .)) @definition.class
  (#eq? @_first "profile")
  (#strip! @doc "^##\\s*"))

((doc_comment)* @doc
  .
  (statement
    word: (path . (word) @_first .)
    .
    argument: (path . (word) @name .)) @definition.constant
  (#eq? @_first "param")
  (#strip! @doc "^##\\s*"))

((statement
  word: (path . (word) @_first .)
  .
  argument: (path . (word) @name .)) @reference.module
  (#any-of? @_first "from" "to"))

((statement
  word: (path . (word) @_first .)
  argument: (path . (word) @name .)) @reference.class
  (#eq? @_first "with"))

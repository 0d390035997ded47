; What a file declares can be named in all of it.
(file) @local.scope

((statement
  word: (path . (word) @_first .)
  .
  argument: (path . (word) @local.definition .))
  (#any-of? @_first "source" "target" "pipeline" "profile" "param"))

((statement
  word: (path . (word) @_first .)
  argument: (path . (word) @local.reference .))
  (#any-of? @_first "from" "to" "with" "pipeline" "moved" "test" "lock"))

; The language has no reserved words: a word is a keyword only at its place.

(comment) @comment
(doc_comment) @comment.line.documentation

; the first word of a statement
((statement
  word: (path . (word) @keyword .))
  ; generated: statement words
  (#any-of? @keyword "absent" "acks" "address" "after" "allow" "batch" "before" "bigint-unsigned" "binary" "binlog-expires" "broker-version" "brokers" "changes" "chunk" "cleanup" "column" "columns" "commit" "compatibility" "compression" "create" "data" "ddl" "decimal" "defaults" "delete" "delivery" "deny" "dialect" "edition" "enum" "event-limit" "exclude" "expect" "format" "from" "header" "headers" "heartbeat" "in-flight" "include" "index" "insert" "key" "key-change" "label" "limit" "linger" "lock" "lower-case-table-names" "markers" "mask" "min-insync" "moved" "names" "nulls" "on-deny" "on-error" "on-failover" "on-invalid-value" "on-oversize" "on-position-lost" "online-ddl" "op" "parallel" "param" "partition" "partitions" "password" "paused" "pipeline" "prefix" "primary" "profile" "pulled" "rate" "readers" "registry" "rename" "replicas" "retention" "retry" "rows" "schema" "schemas" "sensitive" "server" "server-id" "snapshot-op" "source" "split" "standby" "start" "state" "subject" "table" "target" "test" "time-zone" "timestamp" "tls" "to" "tombstones" "topic" "transaction-timeout" "transactions" "truncate" "unique" "update" "use" "user" "view" "where" "window" "with"))

; ... or a name: a column of a test's row, an option of a parameter
((statement
  word: (path . (word) @variable.other.member .))
  ; generated: statement words
  (#not-any-of? @variable.other.member "absent" "acks" "address" "after" "allow" "batch" "before" "bigint-unsigned" "binary" "binlog-expires" "broker-version" "brokers" "changes" "chunk" "cleanup" "column" "columns" "commit" "compatibility" "compression" "create" "data" "ddl" "decimal" "defaults" "delete" "delivery" "deny" "dialect" "edition" "enum" "event-limit" "exclude" "expect" "format" "from" "header" "headers" "heartbeat" "in-flight" "include" "index" "insert" "key" "key-change" "label" "limit" "linger" "lock" "lower-case-table-names" "markers" "mask" "min-insync" "moved" "names" "nulls" "on-deny" "on-error" "on-failover" "on-invalid-value" "on-oversize" "on-position-lost" "online-ddl" "op" "parallel" "param" "partition" "partitions" "password" "paused" "pipeline" "prefix" "primary" "profile" "pulled" "rate" "readers" "registry" "rename" "replicas" "retention" "retry" "rows" "schema" "schemas" "sensitive" "server" "server-id" "snapshot-op" "source" "split" "standby" "start" "state" "subject" "table" "target" "test" "time-zone" "timestamp" "tls" "to" "tombstones" "topic" "transaction-timeout" "transactions" "truncate" "unique" "update" "use" "user" "view" "where" "window" "with"))

; words between values
((statement
  word: (path . (word) @_first .)
  argument: (path . (word) @keyword.operator .))
  (#not-eq? @_first "where")
  ; generated: connecting words
  (#any-of? @keyword.operator "after" "as" "at" "because" "binlog" "by" "ca" "cert" "column" "database" "dead-letter" "default" "env" "errors" "every" "except" "file" "first" "fixed" "for" "from" "gtid" "in" "keep" "key" "last" "name" "nothing" "one-of" "origin" "param" "pipeline" "salt" "source" "table" "target" "to" "topic" "using" "with"))

; words that are values
((statement
  word: (path . (word) @_first .)
  argument: (path . (word) @constant.builtin .))
  (#not-eq? @_first "where")
  ; generated: value words
  (#any-of? @constant.builtin "add-column" "all" "alter-database" "alter-table" "as-source" "at-least-once" "auto" "avro" "backward" "base64" "base64-url-safe" "bootstrap" "bytes" "canal" "canal-hash" "canal-json" "change-column" "change-index" "change-partitions" "compact" "crc32" "create" "create-database" "create-table" "data" "debezium-avro" "debezium-json" "decimal" "delete" "double" "drop-column" "drop-database" "drop-table" "dts" "dts-avro" "else" "emit" "event" "event-time" "exactly-once" "false" "follow" "forever" "forward" "full" "gh-ost" "gzip" "hex" "if-missing" "index" "init" "insert" "integer" "java-hash" "json" "kafka" "label" "long" "lower" "lz4" "map" "maxwell-json" "murmur2" "mysql" "never" "none" "now" "null" "number" "numeric" "oauthbearer" "off" "omit" "on" "op" "park" "plain" "position" "precise" "primary" "produce" "pt-osc" "read" "record" "rename-column" "rename-table" "require" "resnapshot" "rows" "same" "schema" "scram-sha-256" "scram-sha-512" "sha256" "skip" "snappy" "snapshot" "split" "stdout" "stop" "string" "text" "topic-record" "transaction" "true" "update" "upper" "verify-ca" "verify-full" "warn" "write" "zstd"))

; conditions are SQL
((statement
  word: (path . (word) @_first .)
  argument: (path . (word) @keyword.operator .))
  (#eq? @_first "where")
  (#any-of? @keyword.operator
    "and" "or" "not" "in" "like" "regexp" "is" "between"
    "AND" "OR" "NOT" "IN" "LIKE" "REGEXP" "IS" "BETWEEN"))

((statement
  word: (path . (word) @_first .)
  argument: (path . (word) @constant.builtin .))
  (#eq? @_first "where")
  (#any-of? @constant.builtin "null" "true" "false" "NULL" "TRUE" "FALSE"))

((group
  (path . (word) @keyword.operator .))
  (#any-of? @keyword.operator
    "and" "or" "not" "in" "like" "regexp" "is" "between"
    "AND" "OR" "NOT" "IN" "LIKE" "REGEXP" "IS" "BETWEEN"))

((group
  (path . (word) @constant.builtin .))
  (#any-of? @constant.builtin "null" "true" "false" "NULL" "TRUE" "FALSE"))

; names that are declared
((statement
  word: (path . (word) @_first .)
  .
  argument: (path . (word) @namespace .))
  (#any-of? @_first "source" "target" "pipeline" "profile" "param"))

; values
(string) @string
(sql_string) @string
(escape_sequence) @constant.character.escape
(placeholder) @variable.parameter
(timestamp) @constant.numeric
(clock) @constant.numeric
(quantity) @constant.numeric
(quoted_name) @variable.other.member
(regex) @string.regexp

; signs
(operator) @operator
(list_separator) @punctuation.delimiter
(path "." @punctuation.delimiter)
(placeholder ["{" "}"] @punctuation.special)
(block ["{" "}"] @punctuation.bracket)
(group ["(" ")"] @punctuation.bracket)

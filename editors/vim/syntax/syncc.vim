" Project files of syncc. The language has no reserved words: a word is a keyword only at its place.
if exists('b:current_syntax')
  finish
endif
let s:cpo = &cpo
set cpo&vim

" what a name consists of, dots between its segments included
syntax iskeyword @,48-57,_,-,$,*,?,.,[,],192-255

syntax match synccBrace /[{}]/
syntax match synccComment /#.*/
syntax match synccDoc /##.*/

" The first word of a statement is a keyword or a name: a column of a test's row, an option of a parameter. The items
" below it take the rest of the line, so whatever comes after them is the start of another statement.
syntax match synccFirst /\k\+/ contains=synccKeyword,synccProperty nextgroup=synccArguments
syntax match synccFirst /\k\+\.\k\+/ contains=synccName nextgroup=synccArguments
syntax match synccFirst /\<where\>/ contains=synccKeyword nextgroup=synccCondition
syntax match synccFirst /\<\%(source\|target\|pipeline\|profile\|param\)\>/ contains=synccKeyword nextgroup=synccDeclared
syntax match synccDeclared /\s\+\%(\[[^][:blank:]]*\]\|[^][.[:blank:]{}#]\)\+/ contained nextgroup=synccArguments
syntax match synccProperty /\k\+/ contained
" generated: statement words
syntax keyword synccKeyword contained absent acks address after allow batch before bigint-unsigned binary binlog-expires broker-version brokers changes chunk cleanup column columns commit compatibility compression create data ddl decimal defaults delete delivery deny dialect edition enum event-limit exclude expect format from header headers heartbeat in-flight include index insert key key-change label limit linger lock lower-case-table-names markers mask min-insync moved names nulls on-deny on-error on-failover on-invalid-value on-oversize on-position-lost online-ddl op parallel param partition partitions password paused pipeline prefix primary profile pulled rate readers registry rename replicas retention retry rows schema schemas sensitive server server-id snapshot-op source split standby start state subject table target test time-zone timestamp tls to tombstones topic transaction-timeout transactions truncate unique update use user view where window with

syntax region synccArguments contained oneline start=/\s/ end=/$/ end=/\ze[{}#]/
      \ contains=synccWord,synccConstant,@synccValue
" generated: connecting words
syntax keyword synccWord contained after as at because binlog by ca cert column database dead-letter default env errors every except file first fixed for from gtid in keep key last name nothing one-of origin param pipeline salt source table target to topic using with
" generated: value words
syntax keyword synccConstant contained add-column all alter-database alter-table as-source at-least-once auto avro backward base64 base64-url-safe bootstrap bytes canal canal-hash canal-json change-column change-index change-partitions compact crc32 create create-database create-table data debezium-avro debezium-json decimal delete double drop-column drop-database drop-table dts dts-avro else emit event event-time exactly-once false follow forever forward full gh-ost gzip hex if-missing index init insert integer java-hash json kafka label long lower lz4 map maxwell-json murmur2 mysql never none now null number numeric oauthbearer off omit on op park plain position precise primary produce pt-osc read record rename-column rename-table require resnapshot rows same schema scram-sha-256 scram-sha-512 sha256 skip snappy snapshot split stdout stop string text topic-record transaction true update upper verify-ca verify-full warn write zstd

" conditions are SQL
syntax region synccCondition contained oneline start=/\s/ end=/$/ end=/\ze[{}#]/
      \ contains=synccSqlWord,synccSqlConstant,@synccValue
syntax keyword synccSqlWord contained and or not in like regexp is between AND OR NOT IN LIKE REGEXP IS BETWEEN
syntax keyword synccSqlConstant contained null true false NULL TRUE FALSE

" Values; of two that begin at one place the later one counts.
syntax cluster synccValue contains=synccName,synccNumber,synccQuoted,synccRegex,synccString,synccSqlString,synccOperator
syntax match synccOperator /->\|[=<>!+]\+/ contained
syntax match synccName /\k\+/ contained contains=synccWildcard
syntax match synccWildcard /[*?]\|\[[^][:blank:]]*\]/ contained
syntax match synccNumber /-\=\d[0-9_]*\%(\.\d\+\|\.\.\d\+\)\=\%(\a\+\|%\)\=\%(\/\%(\a\+\|%\)\)\=\k\@!`\@!/ contained
syntax match synccNumber /\d\d:\d\d\k\@!/ contained
syntax match synccNumber /\d\{4}-\d\d-\d\d\%(T\d\d:\d\d\%(:\d\d\)\=\%(\.\d\+\)\=\%(Z\|[+-]\d\d:\d\d\)\=\)\=\k\@!/ contained
syntax match synccQuoted /`\%(``\|[^`]\)*`/ contained
syntax match synccRegex /\/\%(\\.\|[^/\\]\)\+\// contained
syntax region synccString contained oneline start=/"/ end=/"/ end=/$/ contains=synccEscape,synccPlaceholder
syntax match synccEscape /\\\%(["\\nt{}]\|u{\x\{1,6}}\)/ contained
syntax match synccPlaceholder /{[^{}"[:blank:]]\+}/ contained
syntax region synccSqlString contained oneline start=/'/ skip=/''\|\\./ end=/'/ end=/$/ contains=synccSqlEscape
syntax match synccSqlEscape /''\|\\./ contained

syntax sync minlines=1

highlight default link synccComment Comment
highlight default link synccDoc SpecialComment
highlight default link synccBrace Delimiter
highlight default link synccKeyword Statement
highlight default link synccProperty Identifier
highlight default link synccDeclared Type
highlight default link synccWord Keyword
highlight default link synccConstant Constant
highlight default link synccSqlWord Operator
highlight default link synccSqlConstant Constant
highlight default link synccOperator Operator
highlight default link synccWildcard Special
highlight default link synccNumber Number
highlight default link synccQuoted Identifier
highlight default link synccRegex String
highlight default link synccString String
highlight default link synccEscape SpecialChar
highlight default link synccPlaceholder PreProc
highlight default link synccSqlString String
highlight default link synccSqlEscape SpecialChar

let b:current_syntax = 'syncc'
let &cpo = s:cpo
unlet s:cpo

/**
 * @file Grammar of syncc's project files (`*.sync`, `schema.lock`), for editors.
 * @license Apache-2.0
 *
 * The language has no reserved words: a file is lines of words and values, with blocks. Which words a statement takes
 * is known to the highlighting queries (from syncc's table of statements), not to this grammar. It follows
 * `grammar/sync.pest`, the grammar of syncc itself; a test parses every file of the repository with both.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const DATE = /\d{4}-\d{2}-\d{2}/;
const TIME = /\d{2}:\d{2}/;
const NUMBER = /-?\d[\d_]*(\.\d+|\.\.\d+)?/;
const UNIT = /[A-Za-z]+|%/;
const NAME = /[\p{XID_Start}][\p{XID_Continue}-]*/;

// a word, or a name with wildcards and ranges
const GLOB = /([\p{XID_Continue}$*?-]|\[[^\[\]\r\n ]*\])+/;
const QUOTED = /`(``|[^`\r\n])*`/;
const REGEX = /\/(\\[^\r\n]|[^\/\r\n\\])+\//;

module.exports = grammar({
  name: 'syncc',

  extras: () => [/[ \t]/],

  rules: {
    file: ($) => repeat($._item),

    // A line end separates statements, and so does the brace that ends a block: `a { b } c` are two.
    _item: ($) => choice($._line_end, $.doc_comment, $.comment, $.statement),
    _line_end: () => token(choice('\r\n', '\n', '\r')),
    doc_comment: () => token(prec(1, /##[^\r\n]*/)),
    comment: () => token(/#[^\r\n]*/),

    // Words and values as far as the line goes.
    statement: ($) =>
      prec.right(
        choice(
          seq(field('word', $._argument), repeat(field('argument', $._argument)), optional(field('block', $.block))),
          field('block', $.block),
        ),
      ),

    block: ($) => seq('{', repeat($._item), '}'),

    _argument: ($) =>
      choice($.string, $.sql_string, $.timestamp, $.clock, $.quantity, $.path, $.operator, $.list_separator, $.group),

    group: ($) => seq('(', repeat($._argument), ')'),
    operator: () => token(choice('->', /[=<>!+]+/)),
    list_separator: () => ',',

    // Text with placeholders: `"{db}.{table:lower}"`.
    string: ($) => seq('"', repeat(choice($.string_content, $.escape_sequence, $.placeholder)), token.immediate('"')),
    string_content: () => token.immediate(prec(1, /[^"\\{}\r\n]+/)),
    escape_sequence: () => token.immediate(/\\(["\\nt{}]|u\{[0-9A-Fa-f]{1,6}\})/),
    placeholder: ($) =>
      seq(
        token.immediate('{'),
        field('name', $.placeholder_name),
        optional(seq(token.immediate(':'), field('filter', $.filter))),
        token.immediate('}'),
      ),
    placeholder_name: () => token.immediate(seq(NAME, repeat(seq('.', NAME)))),
    filter: () => token.immediate(NAME),

    // Text of a condition, as in MySQL: `'it''s'`, `'it\'s'`.
    sql_string: ($) =>
      seq("'", repeat(choice($.sql_string_content, alias($._sql_escape, $.escape_sequence))), token.immediate("'")),
    sql_string_content: () => token.immediate(prec(1, /[^'\\\r\n]+/)),
    _sql_escape: () => token.immediate(choice("''", /\\[^\r\n]/)),

    // A number with a unit or without, a date, a time of day. Digits may also be a word or begin a name: the longest
    // token wins, and of equals the one that stands first here. So these stand before `word`.
    timestamp: () =>
      token(seq(DATE, optional(seq('T', TIME, optional(/:\d{2}/), optional(/\.\d+/), optional(choice('Z', seq(/[+-]/, TIME))))))),
    clock: () => token(TIME),
    quantity: () => token(seq(NUMBER, optional(UNIT), optional(seq('/', UNIT)))),

    // `word`, `shop.*`, `` shop.`order notes` ``, `i18n./translations_(?<lang>[a-z]{2})/`
    path: ($) =>
      choice(
        seq(choice($.word, $.quoted_name, $.regex), repeat($._next_segment)),
        seq(alias($.quantity, $.word), repeat1($._next_segment)),
      ),
    _next_segment: ($) =>
      seq(
        token.immediate('.'),
        choice(
          alias(token.immediate(GLOB), $.word),
          alias(token.immediate(QUOTED), $.quoted_name),
          alias(token.immediate(REGEX), $.regex),
        ),
      ),
    word: () => token(GLOB),
    quoted_name: () => token(QUOTED),
    regex: () => token(REGEX),
  },
});

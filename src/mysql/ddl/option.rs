//! Options of a table.

use super::cursor::{Cursor, Parsed};
use super::ir::TableOptions;
use super::lex::Token;

/// What an option is followed by.
#[derive(Clone, Copy)]
enum Value {
    /// A number, or DEFAULT.
    Number,
    /// A number with K, M, G behind it.
    Size,
    /// A string.
    Text,
    /// A word.
    Word,
    /// A name, a string or NULL.
    Name,
    /// Tables in parentheses.
    Tables,
}

/// Options of servers and their own engines, and what follows them. Those with a meaning here stand in
/// [`Cursor::table_option`].
const OPTIONS: &[(&str, Value)] = &[
    ("AUTO_INCREMENT", Value::Number),
    ("AVG_ROW_LENGTH", Value::Number),
    ("CHECKSUM", Value::Number),
    ("TABLE_CHECKSUM", Value::Number),
    ("COMMENT", Value::Text),
    ("COMPRESSION", Value::Name),
    ("CONNECTION", Value::Text),
    ("DELAY_KEY_WRITE", Value::Number),
    ("ENCRYPTION", Value::Text),
    ("ENGINE_ATTRIBUTE", Value::Text),
    ("SECONDARY_ENGINE_ATTRIBUTE", Value::Text),
    ("SECONDARY_ENGINE", Value::Name),
    ("INSERT_METHOD", Value::Word),
    ("KEY_BLOCK_SIZE", Value::Number),
    ("MAX_ROWS", Value::Number),
    ("MIN_ROWS", Value::Number),
    ("PACK_KEYS", Value::Number),
    ("PASSWORD", Value::Text),
    ("ROW_FORMAT", Value::Word),
    ("STATS_AUTO_RECALC", Value::Number),
    ("STATS_PERSISTENT", Value::Number),
    ("STATS_SAMPLE_PAGES", Value::Number),
    ("TABLESPACE", Value::Name),
    ("STORAGE", Value::Word),
    ("AUTOEXTEND_SIZE", Value::Size),
    ("NODEGROUP", Value::Number),
    ("UNION", Value::Tables),
    ("TRANSACTIONAL", Value::Number),
    ("PAGE_CHECKSUM", Value::Number),
    ("RAID_TYPE", Value::Word),
    ("RAID_CHUNKS", Value::Number),
    ("RAID_CHUNKSIZE", Value::Number),
];

/// Options that MariaDB's InnoDB and the engines that come with it declare: `name = value`. A table that is altered does
/// not say which engine it has.
const OF_ENGINES: &[&str] = &[
    "BLOCK_SIZE",
    "CATFUNC",
    "COLIST",
    "COMPRESS",
    "DATA_CHARSET",
    "DBNAME",
    "ENDING",
    "FILE_NAME",
    "FILTER",
    "HEADER",
    "HTTP",
    "HUGE",
    "LRECL",
    "MAPPED",
    "MODULE",
    "MULTIPLE",
    "OPTION_LIST",
    "QCHAR",
    "QUOTED",
    "READONLY",
    "READ_ONLY",
    "REMOTE_DATABASE",
    "REMOTE_SERVER",
    "REMOTE_TABLE",
    "SEP_CHAR",
    "SEPINDEX",
    "SPLIT",
    "SRCDEF",
    "SUBTYPE",
    "TABLE_LIST",
    "TABLE_TYPE",
    "TABNAME",
    "URI",
    "XFILE_NAME",
    "ZIPPED",
    "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL",
    "ENCRYPTED",
    "ENCRYPTION_KEY_ID",
    "ATOMIC_WRITES",
    "IETF_QUOTES",
    "FEDERATED_SERVER",
    "COMPRESSED",
];

/// Engines that declare no options of their own.
const PLAIN_ENGINES: &[&str] = &[
    "INNODB",
    "MYISAM",
    "ARIA",
    "MARIA",
    "MEMORY",
    "HEAP",
    "MERGE",
    "MRG_MYISAM",
    "ARCHIVE",
    "BLACKHOLE",
    "FEDERATED",
    "NDB",
    "NDBCLUSTER",
    "NDBINFO",
];

/// Options as they are read, one by one.
#[derive(Default)]
pub(super) struct Options {
    pub(super) options: TableOptions,
    /// One that no engine known here declares.
    foreign: Option<String>,
}

impl Options {
    /// # Errors
    /// An option of an unknown engine, though the engine is known.
    pub(super) fn checked(self) -> Parsed<TableOptions> {
        let engine = self.options.engine.as_deref();
        let plain =
            engine.is_none_or(|engine| PLAIN_ENGINES.iter().any(|one| one.eq_ignore_ascii_case(engine)));
        match self.foreign {
            Some(option) if plain => Err(format!("`{option}` is no option of a table")),
            _ => Ok(self.options),
        }
    }
}

impl Cursor<'_, '_> {
    /// Takes one option of a table; false when none follows.
    pub(super) fn table_option(&mut self, into: &mut Options) -> Parsed<bool> {
        if self.default_charset(&mut into.options.charset)? {
            return Ok(true);
        }
        let before = *self;
        let Some(word) = self.word() else {
            return self.foreign_option(into);
        };
        match word.as_str() {
            // in front of the engine of a partition
            "STORAGE" if self.at("ENGINE") => {}
            "ENGINE" | "TYPE" if self.at_sign('=') || self.at_name() || self.at_text() => {
                self.take_sign('=');
                into.options.engine = Some(self.word_or_text()?);
            }
            "DATA" | "INDEX" if self.take("DIRECTORY") => {
                self.take_sign('=');
                self.text()?;
            }
            "WITH" if self.take_all(&["SYSTEM", "VERSIONING"]) => into.options.versioned = true,
            "SEQUENCE" if self.take_sign('=') => {
                into.options.sequence = match self.word() {
                    Some(word) => word == "YES" || word == "ON",
                    None => self.number()? > 0,
                };
            }
            "START" if self.take("TRANSACTION") => {}
            _ => match OPTIONS.iter().find(|(name, _)| *name == word) {
                Some((_, value)) => {
                    self.take_sign('=');
                    self.value(*value)?;
                }
                None => {
                    *self = before;
                    return self.foreign_option(into);
                }
            },
        }
        Ok(true)
    }

    fn at_text(&self) -> bool {
        matches!(self.peek(), Some(Token::Text(..)))
    }

    fn value(&mut self, value: Value) -> Parsed<()> {
        match value {
            Value::Number => {
                if self.take_any(&["DEFAULT", "YES", "NO", "ON", "OFF"]) {
                    Ok(())
                } else {
                    self.literal()
                }
            }
            Value::Size => {
                if matches!(self.peek(), Some(Token::Number(_))) {
                    self.literal()
                } else {
                    self.name().map(drop)
                }
            }
            Value::Text => self.text().map(drop),
            Value::Word => {
                if self.take("DEFAULT") {
                    Ok(())
                } else {
                    self.name().map(drop)
                }
            }
            Value::Name => {
                if self.take("NULL") {
                    Ok(())
                } else {
                    self.word_or_text().map(drop)
                }
            }
            Value::Tables => {
                self.expect_sign('(')?;
                if !self.at_sign(')') {
                    loop {
                        let mut named = *self;
                        self.dotted()?;
                        // noted, where it has a database
                        let _ = named.table();
                        if !self.take_sign(',') {
                            break;
                        }
                    }
                }
                self.expect_sign(')')
            }
        }
    }

    /// `name = value` that only an engine knows.
    fn foreign_option(&mut self, into: &mut Options) -> Parsed<bool> {
        if !self.at_name() || self.peek_at(1) != Some(Token::Sign('=')) {
            return Ok(false);
        }
        let name = self.name()?;
        self.next();
        if self.at_sign('(') {
            self.group()?;
        } else {
            self.option_value()?;
        }
        if !OF_ENGINES.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            into.foreign = Some(name);
        }
        Ok(true)
    }
}

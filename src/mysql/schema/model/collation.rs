//! Which collation a column, a table or a database has, when the text names less than one.

use super::Doubt;
use crate::mysql::binlog::query::Session;
use crate::mysql::charset::{Charset, collation};
use crate::mysql::ddl::ir::CharsetClause;
use crate::mysql::position::Flavor;

/// The built-in default collation of each character set whose name is not `{charset}_general_ci`. Source: SHOW CHARACTER
/// SET of MySQL and MariaDB.
const DEFAULTS: &[(&str, &str)] = &[
    ("big5", "big5_chinese_ci"),
    ("binary", "binary"),
    ("cp932", "cp932_japanese_ci"),
    ("dec8", "dec8_swedish_ci"),
    ("eucjpms", "eucjpms_japanese_ci"),
    ("euckr", "euckr_korean_ci"),
    ("gb18030", "gb18030_chinese_ci"),
    ("gb2312", "gb2312_chinese_ci"),
    ("gbk", "gbk_chinese_ci"),
    ("hp8", "hp8_english_ci"),
    ("latin1", "latin1_swedish_ci"),
    ("latin5", "latin5_turkish_ci"),
    ("sjis", "sjis_japanese_ci"),
    ("swe7", "swe7_swedish_ci"),
    ("tis620", "tis620_thai_ci"),
    ("ujis", "ujis_japanese_ci"),
];

/// The rules of one session.
#[derive(Clone, Copy)]
pub(super) struct Collations<'s> {
    pub(super) flavor: Flavor,
    pub(super) session: &'s Session,
}

impl Collations<'_> {
    /// The collation that a clause means where `outer` is the default; `outer` itself for an empty clause.
    pub(super) fn settle(&self, clause: &CharsetClause, outer: Option<&str>) -> Result<String, Doubt> {
        // MySQL before 8 takes a character set for a choice of its default collation, whatever was named before
        let is_last = clause.charset_last
            && self.flavor == Flavor::MySql
            && (clause.charset.as_deref() == Some("default") || !self.session.of_mysql_8());
        if is_last {
            let clause = CharsetClause { collation: None, charset_last: false, ..clause.clone() };
            return self.settle(&clause, outer);
        }
        let outer = || outer.map(str::to_owned).ok_or(Doubt::DatabaseDefault);
        let charset = match clause.charset.as_deref() {
            Some("default") => Some(charset_of(&outer()?).to_owned()),
            Some(name) => Some(known(name)?.name().to_owned()),
            None => None,
        };
        let named = clause.collation.as_deref().filter(|name| *name != "default");
        let named = match named {
            // of MariaDB: a collation of whatever the character set is
            Some(name) if name.starts_with("uca1400") => {
                let charset =
                    charset.clone().map_or_else(|| outer().map(|outer| charset_of(&outer).to_owned()), Ok)?;
                Some(format!("{charset}_{name}"))
            }
            Some(name) => Some(spelled(name)?),
            None => None,
        };
        let settled = match (charset, named) {
            (Some(charset), Some(name))
                if charset_of(&name) != charset && clause.charset.as_deref() != Some("default") =>
            {
                return Err(Doubt::Collation { charset, collation: name });
            }
            (_, Some(name)) => name,
            (Some(charset), None) if clause.charset.as_deref() != Some("default") => {
                self.default_of(&charset)
            }
            // of the character set MariaDB takes the collation that is built in, whatever database and session have
            (Some(charset), None) if clause.collation.is_none() && self.flavor == Flavor::MariaDb => {
                built_in(&charset)
            }
            (_, None) if clause.collation.is_some() => self.default_of(charset_of(&outer()?)),
            (_, None) => outer()?,
        };
        Ok(match charset_of(&settled) {
            charset if clause.binary && charset != "binary" => format!("{charset}_bin"),
            _ => settled,
        })
    }

    /// The default collation of a character set in this session.
    fn default_of(&self, charset: &str) -> String {
        let name = |id: u16| collation(id, self.flavor).ok().map(|found| found.name.into_owned());
        let built_in = built_in(charset);
        let of_session = match self.flavor {
            Flavor::MySql if charset == "utf8mb4" => self.session.utf8mb4_collation.and_then(name),
            Flavor::MySql => None,
            Flavor::MariaDb => {
                let pairs = self.session.charset_collations.iter();
                let mut mine = pairs.filter(|(of, _)| name(*of).as_deref() == Some(&built_in));
                mine.next().and_then(|(_, id)| name(*id))
            }
        };
        of_session.unwrap_or(built_in)
    }

    /// `collation_server`: the default of a database that names none.
    pub(super) fn of_server(&self) -> Option<String> {
        let id = self.session.server_collation?;
        collation(id, self.flavor).ok().map(|found| found.name.into_owned())
    }
}

/// The default collation that a character set has where no session changes it.
fn built_in(charset: &str) -> String {
    let other = DEFAULTS.iter().find(|(known, _)| *known == charset);
    other.map_or_else(|| format!("{charset}_general_ci"), |(_, name)| (*name).to_owned())
}

/// The character set of a collation: the first part of its name.
pub(super) fn charset_of(collation: &str) -> &str {
    collation.split('_').next().unwrap_or_default()
}

/// Bytes of the longest character of a collation's character set.
pub(super) fn width(collation: &str) -> u64 {
    Charset::from_name(charset_of(collation)).map_or(1, |charset| u64::from(charset.max_char_bytes()))
}

fn known(charset: &str) -> Result<Charset, Doubt> {
    Charset::from_name(charset).map_err(|_| Doubt::Charset(charset.to_owned()))
}

/// The name of a collation as servers of today spell it.
fn spelled(name: &str) -> Result<String, Doubt> {
    let charset = charset_of(name);
    let rest = &name[charset.len()..];
    if rest.is_empty() && charset != "binary" {
        return Err(Doubt::Charset(name.to_owned()));
    }
    Ok(format!("{}{rest}", known(charset)?.name()))
}

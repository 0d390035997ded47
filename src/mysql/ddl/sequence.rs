//! Options of MariaDB's sequences.

use super::cursor::{Cursor, Parsed};
use super::lex::Token;
use super::option::Options;

impl Cursor<'_, '_> {
    /// Options of a sequence to the end.
    pub(super) fn sequence_options(&mut self) -> Parsed<()> {
        let mut options = Options::default();
        while !self.at_end() {
            let known = match self.peek_word().as_deref() {
                Some("AS") => {
                    self.next();
                    self.data_type()?;
                    true
                }
                Some("NO") => {
                    self.next();
                    self.expect_any(&["MINVALUE", "MAXVALUE", "CACHE", "CYCLE"])?;
                    true
                }
                Some("NOMINVALUE" | "NOMAXVALUE" | "NOCACHE" | "CYCLE" | "NOCYCLE") => self.next().is_some(),
                Some("START" | "INCREMENT" | "MINVALUE" | "MAXVALUE" | "CACHE" | "RESTART") => {
                    let restart = self.take("RESTART");
                    if !restart {
                        self.next();
                    }
                    let announced = self.take_any(&["WITH", "BY"]) || self.take_sign('=');
                    if announced
                        || !restart
                        || matches!(self.peek(), Some(Token::Number(_) | Token::Sign('-')))
                    {
                        self.literal()?;
                    }
                    true
                }
                _ => self.table_option(&mut options)?,
            };
            if !known {
                return Err(self.unexpected("an option of a sequence"));
            }
        }
        options.checked().map(drop)
    }
}

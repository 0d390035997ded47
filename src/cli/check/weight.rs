//! What `--deny` and `--warn` make of the weight of findings. Nothing gets lighter: that is what `allow` in the files is for.

use crate::cli::output::Failure;
use crate::cli::pages;
use crate::diagnostic::{Code, Diagnostic, Severity};

/// Codes whose findings weigh more than they are made.
#[derive(Debug, Default)]
pub(super) struct Weights {
    deny: Vec<Code>,
    warn: Vec<Code>,
}

impl Weights {
    /// Codes by number or name.
    pub(super) fn new(deny: &[String], warn: &[String]) -> Result<Weights, Failure> {
        let codes = |asked: &[String]| -> Result<Vec<Code>, Failure> {
            asked.iter().map(|code| pages::find(code).map(|page| page.code)).collect()
        };
        Ok(Weights { deny: codes(deny)?, warn: codes(warn)? })
    }

    /// Gives a finding its weight.
    pub(super) fn apply(&self, finding: &mut Diagnostic) {
        if self.deny.contains(&finding.code) {
            finding.severity = Severity::Error;
        } else if self.warn.contains(&finding.code) {
            finding.severity = finding.severity.max(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_lighter() {
        let weights = Weights::new(&["s0103".into()], &["S0209".into(), "unknown-name".into()]);
        let weights = weights.expect("these are codes");
        let check = |number, before, after| {
            let code = pages::find(number).expect("a code").code;
            let mut finding = Diagnostic::nowhere(code, before, "m");
            weights.apply(&mut finding);
            assert_eq!(finding.severity, after, "{number}");
        };
        check("S0103", Severity::Warning, Severity::Error);
        check("S0101", Severity::Error, Severity::Error);
        check("S0209", Severity::Advice, Severity::Warning);
        check("S0211", Severity::Advice, Severity::Advice);
        assert!(Weights::new(&["S9999".into()], &[]).is_err());
    }
}

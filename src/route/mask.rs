//! Which columns of a table are masked, and with what.

use super::columns::compile;
use super::error::RouteError;
use crate::format::OutputColumn;
use crate::mysql::schema::TableVersion;
use crate::pattern::Matcher;
use crate::statement::{MaskMethod, MaskRule, SecretRef};
use crate::transform::Mask;
use secrecy::SecretString;
use std::collections::HashMap;

/// The salts that masks name, as they were when the task started. `Debug` shows where they were found, no value; they are
/// wiped when dropped.
#[derive(Debug, Default)]
pub struct Salts(HashMap<SecretRef, SecretString>);

impl Salts {
    /// Salts with the places that they were found at.
    pub fn new(found: impl IntoIterator<Item = (SecretRef, SecretString)>) -> Salts {
        Salts(found.into_iter().collect())
    }
}

/// The masks of the columns that are sent, by index; for each column the first rule that takes it.
pub(super) fn masks_of(
    rules: &[MaskRule],
    version: &TableVersion,
    sent: &[OutputColumn],
    salts: &Salts,
) -> Result<Vec<(usize, Mask)>, RouteError> {
    let compiled = rules.iter().map(|MaskRule { column, method }| Ok((compile(column)?, method)));
    let rules = compiled.collect::<Result<Vec<(Matcher, &MaskMethod)>, RouteError>>()?;
    let mut masks = Vec::new();
    for OutputColumn { index, .. } in sent {
        let name = &version.columns[*index].name;
        if let Some((_, method)) = rules.iter().find(|(column, _)| column.matches(name)) {
            masks.push((*index, mask(method, salts)?));
        }
    }
    Ok(masks)
}

fn mask(method: &MaskMethod, salts: &Salts) -> Result<Mask, RouteError> {
    Ok(match method {
        MaskMethod::Sha256 { salt: None } => Mask::Sha256 { salt: None },
        MaskMethod::Sha256 { salt: Some(salt) } => {
            // Without it the hash would be another one, and none that protects.
            let salt = salts.0.get(salt).ok_or(RouteError::SaltMissing)?;
            Mask::Sha256 { salt: Some(salt.clone()) }
        }
        MaskMethod::KeepFirst(n) => Mask::KeepFirst(*n),
        MaskMethod::KeepLast(n) => Mask::KeepLast(*n),
        MaskMethod::Null => Mask::Null,
        MaskMethod::Fixed(text) => Mask::Fixed(text.clone()),
    })
}

/// True when a mask makes different values equal.
pub(super) fn is_lossy(mask: &Mask) -> bool {
    match mask {
        Mask::Sha256 { .. } => false,
        Mask::KeepFirst(_) | Mask::KeepLast(_) | Mask::Null | Mask::Fixed(_) => true,
    }
}

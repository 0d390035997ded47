//! Why a registry did not do what was asked.

/// What kind of trouble it is, and so what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It does not answer, or says that it cannot now: waited for.
    Unreachable,
    /// It fails: tried again for a while.
    Broken,
    /// Its certificate, our login, our settings or the address are wrong: for a person to mend.
    Setting,
    /// It refuses the schema.
    Incompatible,
    /// It does not take the schema for one.
    Invalid,
}

impl Class {
    /// True where it is the schema that the registry will not have.
    pub fn is_of_schema(self) -> bool {
        match self {
            Class::Incompatible | Class::Invalid => true,
            Class::Unreachable | Class::Broken | Class::Setting => false,
        }
    }
}

/// Why a registry did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// What kind of trouble.
    pub class: Class,
    /// What happened, without the address: who asks knows it.
    pub text: String,
}

impl Refusal {
    /// A refusal of this kind.
    pub fn new(class: Class, text: impl Into<String>) -> Refusal {
        Refusal { class, text: text.into() }
    }
}

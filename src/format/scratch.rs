//! Room for values that are converted before they are written.

/// Larger rooms are given back, so that one huge value does not stay paid for.
const KEEP_BYTES: usize = 256 * 1024;

/// Buffers of one encoding thread, kept from row to row.
#[derive(Default)]
pub struct Scratch {
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
    pub(super) key: Vec<u8>,
}

impl Scratch {
    /// Empty buffers.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// Gives back what a huge value has taken.
    pub fn trim(&mut self) {
        if self.text.capacity() > KEEP_BYTES {
            self.text = String::new();
        }
        if self.bytes.capacity() > KEEP_BYTES {
            self.bytes = Vec::new();
        }
        if self.key.capacity() > KEEP_BYTES {
            self.key = Vec::new();
        }
    }
}

/// The buffers hold row values: nothing is shown.
impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch")
    }
}

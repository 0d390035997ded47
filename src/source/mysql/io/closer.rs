//! Ending a connection from another thread.

use std::net::{Shutdown, TcpStream};
use tokio::sync::watch;

/// Ends a connection from another thread: a read that waits there fails at once with
/// [`FailureClass::Lost`](super::FailureClass::Lost).
#[derive(Debug)]
pub struct Closer(Way);

#[derive(Debug)]
enum Way {
    /// A connection of our own: its socket is shut down.
    Socket(TcpStream),
    /// One of the driver's, which gives no socket away: whoever waits for it looks at this.
    Word(watch::Sender<bool>),
}

impl Closer {
    pub(super) fn of_socket(socket: TcpStream) -> Closer {
        Closer(Way::Socket(socket))
    }

    pub(super) fn of_word(word: watch::Sender<bool>) -> Closer {
        Closer(Way::Word(word))
    }

    /// Ends it. A connection that is closed already stays so.
    pub fn close(&self) {
        match &self.0 {
            // the peer may be gone: then there is nothing left to end
            Way::Socket(socket) => drop(socket.shutdown(Shutdown::Both)),
            Way::Word(word) => {
                word.send_replace(true);
            }
        }
    }
}

//! A link between client and broker on which the end of a transaction can go astray.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::support::wait;

/// Number of the EndTxn request. Source: Apache Kafka, `ApiKeys.END_TXN`.
const END_TXN: i16 = 26;

/// What happens to the next request that ends a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It passes.
    Pass,
    /// It passes, and the connection is cut before the answer.
    CutBeforeAnswer,
    /// It is held back and the connection is cut; [`Link::release`] lets it go to the broker after all.
    HoldAndCut,
    /// Its answer never comes, and the connection stays.
    DropAnswer,
}

/// The link: whoever connects to [`Link::port`] is connected to the broker.
#[derive(Clone)]
pub(super) struct Link {
    port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    broker: Option<String>,
    next: Next,
    held: Option<(TcpStream, Vec<u8>)>,
    /// Answers that came on a connection whose client had been cut off.
    late_answers: usize,
}

impl Link {
    /// A link to nowhere yet.
    pub(super) fn open() -> Link {
        let listener = TcpListener::bind(("127.0.0.1", crate::support::port::free())).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let link = Link {
            port,
            state: Arc::new(Mutex::new(State {
                broker: None,
                next: Next::Pass,
                held: None,
                late_answers: 0,
            })),
        };
        let serving = link.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let link = serving.clone();
                std::thread::spawn(move || link.carry(client));
            }
        });
        link
    }

    /// Where to connect.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The broker behind it.
    pub(super) fn lead_to(&self, broker: String) {
        self.state().broker = Some(broker);
    }

    /// What happens to the next end of a transaction.
    pub(super) fn next(&self, next: Next) {
        self.state().next = next;
    }

    /// True once the end of a transaction has gone astray.
    pub(super) fn has_struck(&self) -> bool {
        self.state().next == Next::Pass
    }

    /// Lets the request that was held back go to the broker, and waits for the broker's answer to it.
    pub(super) fn release(&self) {
        let held = self.state().held.take();
        let (mut broker, frame) = held.expect("a request is held back");
        let before = self.state().late_answers;
        broker.write_all(&frame).expect("the broker is there");
        // Whatever it answers, it has decided.
        wait::until("the broker's answer to the late request", 20, || {
            if self.state().late_answers > before { Ok(()) } else { Err("none yet") }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn carry(&self, mut client: TcpStream) -> Option<()> {
        let broker = self.state().broker.clone()?;
        let mut broker = TcpStream::connect(broker).ok()?;
        let mut answers = broker.try_clone().ok()?;
        let mut to_client = client.try_clone().ok()?;
        let muted = Arc::new(Mutex::new(false));
        let mute = Arc::clone(&muted);
        let link = self.clone();
        std::thread::spawn(move || {
            while let Ok(frame) = read_frame(&mut answers) {
                let muted = *muted.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if !muted && to_client.write_all(&frame).is_err() {
                    break;
                }
                if muted {
                    link.state().late_answers += 1;
                }
            }
            let _ = to_client.shutdown(Shutdown::Both);
        });
        while let Ok(frame) = read_frame(&mut client) {
            let ends = frame.get(4..6).is_some_and(|key| key == END_TXN.to_be_bytes());
            let next = match ends {
                true => std::mem::replace(&mut self.state().next, Next::Pass),
                false => Next::Pass,
            };
            let mute = || *mute.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
            match next {
                Next::Pass => broker.write_all(&frame).ok()?,
                Next::DropAnswer => {
                    mute();
                    broker.write_all(&frame).ok()?;
                }
                Next::CutBeforeAnswer => {
                    mute();
                    broker.write_all(&frame).ok()?;
                    client.shutdown(Shutdown::Both).ok()?;
                    return None;
                }
                Next::HoldAndCut => {
                    mute();
                    client.shutdown(Shutdown::Both).ok()?;
                    self.state().held = Some((broker.try_clone().ok()?, frame));
                    return None;
                }
            }
        }
        let _ = broker.shutdown(Shutdown::Both);
        Some(())
    }
}

/// A message of the protocol with its length in front.
fn read_frame(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    from.read_exact(&mut frame)?;
    let len = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
    frame.resize(4 + len, 0);
    from.read_exact(&mut frame[4..])?;
    Ok(frame)
}

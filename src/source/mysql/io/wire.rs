//! Packets of the client protocol over TCP, plain or encrypted.
//!
//! A packet is three bytes of length, one of sequence, and the payload; payloads of 16 MiB − 1 and more continue in the next
//! packet and are joined here. Memory: one read buffer, and the payload in the caller's buffer, which grows as bytes arrive and
//! never by what a length only announces beyond one packet.

use super::closer::Closer;
use super::failure::{FailureClass, SourceFailure};
use super::tls::TlsClient;
use openssl::ssl::SslStream;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Bytes read from the kernel at once, at most.
const BUFFER: usize = 1 << 20;

/// Payload length that says "continued in the next packet".
const FULL: usize = 0xff_ff_ff;

/// A socket whose waits end by a time of all together, while there is one.
#[derive(Debug)]
pub(super) struct Timed {
    socket: TcpStream,
    end: Option<Instant>,
}

impl Timed {
    /// What is left for one wait, no longer than that.
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(end) = self.end else { return Ok(None) };
        match end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            Some(left) => Ok(Some(left)),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.socket.set_read_timeout(Some(left))?;
        }
        self.socket.read(into)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.socket.set_write_timeout(Some(left))?;
        }
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// The line under the packets.
#[derive(Debug)]
pub(super) enum Line {
    /// Plain TCP.
    Plain(Timed),
    /// TLS over it.
    Tls(SslStream<Timed>),
}

impl Line {
    fn timed(&self) -> &Timed {
        match self {
            Line::Plain(timed) => timed,
            Line::Tls(stream) => stream.get_ref(),
        }
    }

    fn timed_mut(&mut self) -> &mut Timed {
        match self {
            Line::Plain(timed) => timed,
            Line::Tls(stream) => stream.get_mut(),
        }
    }

    fn socket(&self) -> &TcpStream {
        &self.timed().socket
    }
}

impl Read for Line {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Line::Plain(socket) => socket.read(into),
            Line::Tls(stream) => stream.read(into),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Line::Plain(socket) => socket.write(bytes),
            Line::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Line::Plain(socket) => socket.flush(),
            Line::Tls(stream) => stream.flush(),
        }
    }
}

/// Packets over a line.
pub(super) struct Wire {
    line: Line,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    sequence: u8,
    limit: usize,
    patience: Duration,
}

impl Wire {
    /// Over a connected socket; `limit` bounds a joined payload in bytes, `patience` each wait for the peer.
    pub(super) fn new(socket: TcpStream, limit: usize, patience: Duration) -> Result<Wire, SourceFailure> {
        let mut wire = Wire {
            line: Line::Plain(Timed { socket, end: None }),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            sequence: 0,
            limit,
            patience,
        };
        wire.set_patience(patience)?;
        Ok(wire)
    }

    /// All waits from now on end within `time`, together, until the patience is set anew: whoever sends a byte now and then does not
    /// hold us for ever.
    pub(super) fn within(mut self, time: Duration) -> Wire {
        self.line.timed_mut().end = Some(Instant::now() + time);
        self
    }

    /// Changes how long the peer may be silent.
    pub(super) fn set_patience(&mut self, patience: Duration) -> Result<(), SourceFailure> {
        self.patience = patience;
        self.line.timed_mut().end = None;
        let socket = self.line.socket();
        socket
            .set_read_timeout(Some(patience))
            .and_then(|()| socket.set_write_timeout(Some(patience)))
            .map_err(|error| SourceFailure::from_io(&error, patience))
    }

    /// Changes the largest payload.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// A handle that ends the connection from another thread.
    pub(super) fn closer(&self) -> Result<Closer, SourceFailure> {
        self.line
            .socket()
            .try_clone()
            .map(Closer::of_socket)
            .map_err(|error| SourceFailure::from_io(&error, self.patience))
    }

    /// Goes on over TLS. Fails when the server has sent anything that was not asked for: those bytes were not protected.
    pub(super) fn encrypt(self, tls: &TlsClient) -> Result<Wire, SourceFailure> {
        if self.start != self.end {
            return Err(SourceFailure::protocol("the server sent plain bytes after TLS was agreed on"));
        }
        let Line::Plain(timed) = self.line else {
            return Err(SourceFailure::protocol("TLS was to begin twice"));
        };
        Ok(Wire { line: Line::Tls(tls.handshake(timed, self.patience)?), ..self })
    }

    /// True under TLS.
    pub(super) fn encrypted(&self) -> bool {
        matches!(self.line, Line::Tls(_))
    }

    /// A command begins: numbering starts again.
    pub(super) fn restart(&mut self) {
        self.sequence = 0;
    }

    /// Sends one payload.
    pub(super) fn send(&mut self, payload: &[u8]) -> Result<(), SourceFailure> {
        let mut bytes = Vec::with_capacity(payload.len() + 4);
        let mut rest = payload;
        loop {
            let (part, tail) = rest.split_at(rest.len().min(FULL));
            bytes.extend_from_slice(&(part.len() as u32).to_le_bytes()[..3]);
            bytes.push(self.sequence);
            bytes.extend_from_slice(part);
            self.sequence = self.sequence.wrapping_add(1);
            rest = tail;
            if part.len() < FULL {
                break;
            }
        }
        self.line
            .write_all(&bytes)
            .and_then(|()| self.line.flush())
            .map_err(|error| SourceFailure::from_io(&error, self.patience))
    }

    /// Waits for the next payload and appends it to `into`; returns its length.
    ///
    /// # Errors
    /// [`FailureClass::Lost`] when the line breaks or is silent too long, [`FailureClass::TooLarge`] above the limit,
    /// [`FailureClass::Protocol`] when packets are out of order. After a failure the connection is of no use.
    pub(super) fn receive(&mut self, into: &mut Vec<u8>) -> Result<usize, SourceFailure> {
        let from = into.len();
        loop {
            let length = self.frame()?;
            self.room(into.len() - from + length)?;
            self.take(length, into)?;
            if length < FULL {
                return Ok(into.len() - from);
            }
        }
    }

    /// As [`Wire::receive`], but the first byte of the payload is returned and not stored, and so is the length without it.
    pub(super) fn receive_split(&mut self, into: &mut Vec<u8>) -> Result<(u8, usize), SourceFailure> {
        let from = into.len();
        let mut length = self.frame()?;
        self.room(length)?;
        if length == 0 {
            return Err(SourceFailure::protocol("the server sent an empty packet"));
        }
        self.fill(1)?;
        let first = self.buffer[self.start];
        self.start += 1;
        self.take(length - 1, into)?;
        while length == FULL {
            length = self.frame()?;
            self.room(1 + into.len() - from + length)?;
            self.take(length, into)?;
        }
        Ok((first, into.len() - from))
    }

    /// True when another whole packet has been read from the socket already.
    pub(super) fn buffered(&self) -> bool {
        match &self.buffer[self.start..self.end] {
            [a, b, c, _, payload @ ..] => payload.len() >= u32::from_le_bytes([*a, *b, *c, 0]) as usize,
            _ => false,
        }
    }

    fn room(&self, length: usize) -> Result<(), SourceFailure> {
        if length > self.limit {
            return Err(SourceFailure::new(
                FailureClass::TooLarge,
                format!("the server sends {length} bytes or more at once, the limit is {}", self.limit),
            ));
        }
        Ok(())
    }

    /// Reads a packet's header and returns the length of its payload.
    fn frame(&mut self) -> Result<usize, SourceFailure> {
        self.fill(4)?;
        let [a, b, c, sequence] = [0, 1, 2, 3].map(|at| self.buffer[self.start + at]);
        self.start += 4;
        if sequence != self.sequence {
            return Err(SourceFailure::protocol(format!(
                "packet {sequence} came where {} was due",
                self.sequence
            )));
        }
        self.sequence = sequence.wrapping_add(1);
        Ok(u32::from_le_bytes([a, b, c, 0]) as usize)
    }

    /// Moves `count` bytes to the end of `into`.
    fn take(&mut self, count: usize, into: &mut Vec<u8>) -> Result<(), SourceFailure> {
        let ready = count.min(self.end - self.start);
        into.extend_from_slice(&self.buffer[self.start..self.start + ready]);
        self.start += ready;
        let missing = count - ready;
        if missing >= BUFFER / 4 {
            // large events skip the buffer
            let at = into.len();
            into.resize(at + missing, 0);
            return self
                .line
                .read_exact(&mut into[at..])
                .map_err(|error| SourceFailure::from_io(&error, self.patience));
        }
        if missing > 0 {
            self.fill(missing)?;
            into.extend_from_slice(&self.buffer[self.start..self.start + missing]);
            self.start += missing;
        }
        Ok(())
    }

    /// Waits until `count` bytes (at most a quarter of the buffer) are in the buffer.
    fn fill(&mut self, count: usize) -> Result<(), SourceFailure> {
        if self.end - self.start >= count {
            return Ok(());
        }
        self.buffer.resize(BUFFER, 0);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start + count > BUFFER {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        while self.end - self.start < count {
            let read = match self.line.read(&mut self.buffer[self.end..]) {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result,
            };
            self.end += read.map_err(|error| SourceFailure::from_io(&error, self.patience))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// Sends `bytes` over a real socket and closes it; `read` has the other end.
    fn check<T>(bytes: Vec<u8>, limit: usize, read: impl FnOnce(&mut Wire) -> T) -> T {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = listener.local_addr().expect("bound");
        let server = thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a client");
            let _ = socket.write_all(&bytes);
        });
        let socket = TcpStream::connect(address).expect("listening");
        let mut wire = Wire::new(socket, limit, Duration::from_secs(5)).expect("a wire");
        let result = read(&mut wire);
        drop(wire);
        server.join().expect("sent");
        result
    }

    fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = (payload.len() as u32).to_le_bytes()[..3].to_vec();
        bytes.push(sequence);
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn packets_beyond_16_mib_are_joined() {
        let mut bytes = packet(0, &vec![7; FULL]);
        bytes.extend(packet(1, &vec![8; FULL]));
        bytes.extend(packet(2, b""));
        bytes.extend(packet(3, b"next"));
        check(bytes, 40 << 20, |wire| {
            let mut event = Vec::new();
            let (first, length) = wire.receive_split(&mut event).expect("joined");
            assert_eq!((first, length, event.len()), (7, 2 * FULL - 1, 2 * FULL - 1));
            assert_eq!((event[0], event[FULL - 2], event[FULL - 1]), (7, 7, 8));
            event.clear();
            assert_eq!(wire.receive(&mut event), Ok(4));
            assert_eq!(event, b"next");
        });
    }

    /// The largest event there is. What was read before and what comes behind does not matter.
    #[test]
    fn packets_are_joined_up_to_1_gib() {
        const WHOLE: usize = 1 << 30;
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let socket = TcpStream::connect(listener.local_addr().expect("bound")).expect("listening");
        let server = thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a client");
            let (full, mut left, mut sequence) = (vec![7; FULL], 1 + WHOLE, 0u8);
            loop {
                let part = left.min(FULL);
                let mut head = (part as u32).to_le_bytes();
                head[3] = sequence;
                socket.write_all(&head).and_then(|()| socket.write_all(&full[..part])).expect("a reader");
                (left, sequence) = (left - part, sequence.wrapping_add(1));
                if part < FULL {
                    break;
                }
            }
            socket.write_all(&packet(sequence, b"next")).expect("a reader");
        });
        let mut wire = Wire::new(socket, 1 + WHOLE, Duration::from_secs(60)).expect("a wire");
        let mut event = Vec::new();
        assert_eq!(wire.receive_split(&mut event), Ok((7, WHOLE)));
        assert!(event.len() == WHOLE && event[WHOLE - 1] == 7);
        event.clear();
        assert_eq!(wire.receive(&mut event), Ok(4));
        server.join().expect("sent");
    }

    #[test]
    fn the_limit_holds_before_memory_is_taken() {
        let mut bytes = packet(0, &vec![7; FULL]);
        bytes.extend(packet(1, b"x"));
        let mut event = Vec::new();
        let failure = check(bytes, FULL, |wire| wire.receive_split(&mut event).expect_err("too large"));
        assert_eq!(failure.class, FailureClass::TooLarge);
        assert!(event.capacity() <= FULL + BUFFER);
        let failure = check(b"\xff\xff\x0f\0x".to_vec(), 100, |wire| wire.receive(&mut Vec::new()));
        assert_eq!(failure.expect_err("too large").class, FailureClass::TooLarge);
    }

    #[test]
    fn broken_lines_are_told() {
        let class = |bytes: &[u8]| {
            check(bytes.to_vec(), 100, |wire| wire.receive(&mut Vec::new())).expect_err("broken").class
        };
        assert_eq!(class(b""), FailureClass::Lost);
        assert_eq!(class(b"\x05\0\0\0ab"), FailureClass::Lost);
        assert_eq!(class(b"\x01\0\0\x07a"), FailureClass::Protocol);
        let empty = check(b"\0\0\0\0".to_vec(), 100, |wire| wire.receive_split(&mut Vec::new()));
        assert_eq!(empty.expect_err("no status byte").class, FailureClass::Protocol);
    }

    #[test]
    fn tells_whether_a_whole_packet_waits() {
        let mut bytes = packet(0, b"one");
        bytes.extend(packet(1, b"two"));
        bytes.extend_from_slice(b"\x05\0\0\x02ab");
        check(bytes, 100, |wire| {
            let mut payload = Vec::new();
            assert!(!wire.buffered());
            while wire.end - wire.start < 20 {
                wire.fill(wire.end - wire.start + 1).expect("bytes");
            }
            assert!(wire.buffered());
            wire.receive(&mut payload).expect("one");
            assert!(wire.buffered());
            wire.receive(&mut payload).expect("two");
            assert!(!wire.buffered(), "the third is not whole");
            assert_eq!(payload, b"onetwo");
        });
    }

    /// Who sends a byte now and then is never silent for long.
    #[test]
    fn all_waits_together_have_an_end() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let socket = TcpStream::connect(listener.local_addr().expect("bound")).expect("listening");
        let (mut peer, _) = listener.accept().expect("a client");
        let wire = Wire::new(socket, FULL, Duration::from_secs(60)).expect("a wire");
        let mut wire = wire.within(Duration::from_millis(300));
        let drips = thread::spawn(move || {
            peer.write_all(b"\xff\xff\x0f\0").expect("a reader");
            // until nobody reads any more
            while peer.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let failure = wire.receive(&mut Vec::new()).expect_err("it takes too long");
        assert_eq!(failure.class, FailureClass::Lost);
        drop(wire);
        drips.join().expect("no panic");
    }

    #[test]
    fn another_thread_ends_a_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let socket = TcpStream::connect(listener.local_addr().expect("bound")).expect("listening");
        let mut wire = Wire::new(socket, 100, Duration::from_secs(60)).expect("a wire");
        let closer = wire.closer().expect("a closer");
        let waiting = thread::spawn(move || wire.receive(&mut Vec::new()).expect_err("closed").class);
        closer.close();
        assert_eq!(waiting.join().expect("no panic"), FailureClass::Lost);
    }
}

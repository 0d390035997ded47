//! Signals: the first SIGTERM or SIGINT drains, SIGHUP looks at the files.

use super::Event;
use crossbeam_channel::Sender;
use tokio::runtime::Handle;

/// Exit code after a second signal, as shells give it for SIGINT.
const SECOND_SIGNAL_CODE: i32 = 130;

/// The first SIGTERM or SIGINT drains; the second ends the process at once, which loses nothing either.
pub(super) fn listen_to_signals(runtime: &Handle, events: Sender<Event>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let _inside = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    runtime.spawn(async move {
        let mut asked = false;
        loop {
            let event = tokio::select! {
                biased;
                // 1 and 2: the end comes first.
                _ = terminate.recv() => Event::Stop,
                _ = interrupt.recv() => Event::Stop,
                // 3: a look at the files.
                _ = hangup.recv() => Event::Rescan,
            };
            if matches!(event, Event::Stop) && std::mem::replace(&mut asked, true) {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "asked for twice: nothing uncommitted counts, nothing is left to do"
                )]
                std::process::exit(SECOND_SIGNAL_CODE);
            }
            let _ = events.try_send(event);
        }
    });
    Ok(())
}

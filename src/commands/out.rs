//! What a command says. A reader that leaves early, as `head` does, is no error and stops no work: the rest goes unheard.
//! Any other trouble with standard output is one, since the answer would be lost.

use std::fmt::Display;
use std::io::{self, ErrorKind, Stdout, Write};

/// Standard output.
pub(super) struct Out {
    stdout: Stdout,
    unheard: bool,
}

impl Out {
    pub(super) fn new() -> Out {
        Out { stdout: io::stdout(), unheard: false }
    }

    /// True once nobody reads any more: what is made only to be read may end.
    pub(super) fn is_unheard(&self) -> bool {
        self.unheard
    }

    fn heard<T>(&mut self, done: io::Result<T>, unheard: T) -> io::Result<T> {
        match done {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.unheard = true;
                Ok(unheard)
            }
            done => done.map_err(|e| io::Error::new(e.kind(), format!("unable to write to standard output: {e}"))),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.unheard {
            return Ok(bytes.len());
        }
        let done = self.stdout.write(bytes);
        self.heard(done, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.unheard {
            return Ok(());
        }
        let done = self.stdout.flush();
        self.heard(done, ())
    }
}

/// A line on standard error; nothing is left to tell it to where that cannot be written to.
pub fn say(line: impl Display) {
    writeln!(io::stderr(), "{line}").ok();
}

//! Bytes of the binlog → events and rows. Pure: no I/O, no panic on any bytes.

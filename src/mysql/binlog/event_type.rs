//! The types of events: the one table of their numbers, their names, and what a reader does with them.

use super::event::Header;
use crate::failpoint::{Bug, planted};
use std::fmt;

/// What a reader does with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// It matters: there is a decoder for it.
    Decode,
    /// It holds other events, or is another event with a deflated body: it is unpacked first, and what comes out has a duty of
    /// its own.
    Unpack,
    /// It says nothing about rows, columns or positions.
    Skip,
    /// Going on would lose or invent rows; the text says why and what to do, to stand behind the event's name and a colon.
    Refuse(&'static str),
}

/// Writes out the table: the type, its numbers and names, and its duty. A type that is missing from one cannot be in another.
macro_rules! event_types {
    ($($number:literal $name:ident $text:literal $duty:expr;)+) => {
        /// Types of events, by the names of the manuals. Numbers: MySQL `binlog_event.h`, MariaDB `log_event.h`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names are the servers' own")]
        pub enum EventType {
            $($name,)+
            /// A type this program has never heard of.
            Other(u8),
        }

        impl EventType {
            /// All types that have a name, in the order of their numbers.
            pub const NAMED: &[EventType] = &[$(EventType::$name),+];

            /// The type with this number.
            pub fn from_number(number: u8) -> EventType {
                match number {
                    $($number => EventType::$name,)+
                    other => EventType::Other(other),
                }
            }

            /// The number of the type.
            pub fn number(self) -> u8 {
                match self {
                    $(EventType::$name => $number,)+
                    EventType::Other(number) => number,
                }
            }

            /// The duty that a type has, whatever the flags of an event say.
            fn duty(self) -> Duty {
                match self {
                    $(EventType::$name => $duty,)+
                    EventType::Other(_) => NOT_KNOWN,
                }
            }
        }

        impl fmt::Display for EventType {
            /// The name that the servers print, and the number.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(EventType::$name => write!(f, "{} ({})", $text, $number),)+
                    EventType::Other(number) => write!(f, "type {number}"),
                }
            }
        }
    };
}

use Duty::{Decode, Refuse, Skip, Unpack};

const NOT_KNOWN: Duty = Refuse("it is not known, and not marked as one that may be passed over");
const BEFORE_5_0: Duty = Refuse("only servers before MySQL 5.0 write it");
const BEFORE_5_1: Duty = Refuse("only servers before MySQL 5.1.16 write it");
const LOAD_DATA: Duty = Refuse("LOAD DATA was logged as a statement: set `binlog_format` to ROW");

event_types! {
    0 Unknown "Unknown" NOT_KNOWN;
    1 StartV3 "Start_v3" BEFORE_5_0;
    2 Query "Query" Decode;
    3 Stop "Stop" Skip;
    4 Rotate "Rotate" Decode;
    // variables belong to statements, which are looked at as such
    5 IntVar "Intvar" Skip;
    6 Load "Load" BEFORE_5_0;
    7 Slave "Slave" BEFORE_5_0;
    8 CreateFile "Create_file" BEFORE_5_0;
    9 AppendBlock "Append_block" LOAD_DATA;
    10 ExecLoad "Exec_load" BEFORE_5_0;
    11 DeleteFile "Delete_file" LOAD_DATA;
    12 NewLoad "New_load" BEFORE_5_0;
    13 Rand "RAND" Skip;
    14 UserVar "User_var" Skip;
    15 FormatDescription "Format_desc" Decode;
    16 Xid "Xid" Decode;
    17 BeginLoadQuery "Begin_load_query" LOAD_DATA;
    18 ExecuteLoadQuery "Execute_load_query" LOAD_DATA;
    19 TableMap "Table_map" Decode;
    20 PreGaWriteRows "Write_rows_event_old" BEFORE_5_1;
    21 PreGaUpdateRows "Update_rows_event_old" BEFORE_5_1;
    22 PreGaDeleteRows "Delete_rows_event_old" BEFORE_5_1;
    23 WriteRowsV1 "Write_rows_v1" Decode;
    24 UpdateRowsV1 "Update_rows_v1" Decode;
    25 DeleteRowsV1 "Delete_rows_v1" Decode;
    26 Incident "Incident" Refuse("the server says that changes are missing from its log; load the tables again");
    27 Heartbeat "Heartbeat" Decode;
    28 Ignorable "Ignorable" Skip;
    // the SQL text of rows is sensitive and not needed
    29 RowsQuery "Rows_query" Skip;
    30 WriteRows "Write_rows" Decode;
    31 UpdateRows "Update_rows" Decode;
    32 DeleteRows "Delete_rows" Decode;
    33 Gtid "Gtid" Decode;
    34 AnonymousGtid "Anonymous_Gtid" Decode;
    35 PreviousGtids "Previous_gtids" Skip;
    36 TransactionContext "Transaction_context" Skip;
    37 ViewChange "View_change" Skip;
    38 XaPrepare "XA_prepare" Decode;
    39 PartialUpdateRows "Update_rows_partial" Decode;
    40 TransactionPayload "Transaction_payload" Unpack;
    41 HeartbeatV2 "Heartbeat_v2" Decode;
    42 GtidTagged "Gtid_tagged" Decode;
    160 AnnotateRows "Annotate_rows" Skip;
    161 BinlogCheckpoint "Binlog_checkpoint" Skip;
    162 MariaGtid "Gtid (MariaDB)" Decode;
    163 GtidList "Gtid_list" Skip;
    // it tells how the file is encrypted; what the server sends is not
    164 StartEncryption "Start_encryption" Skip;
    165 QueryCompressed "Query_compressed" Unpack;
    166 WriteRowsCompressedV1 "Write_rows_compressed_v1" Unpack;
    167 UpdateRowsCompressedV1 "Update_rows_compressed_v1" Unpack;
    168 DeleteRowsCompressedV1 "Delete_rows_compressed_v1" Unpack;
    169 WriteRowsCompressed "Write_rows_compressed" Unpack;
    170 UpdateRowsCompressed "Update_rows_compressed" Unpack;
    171 DeleteRowsCompressed "Delete_rows_compressed" Unpack;
    172 PartialRowData "Partial_row_data" Refuse(
        "a rows event was cut into pieces, which are not joined here: raise `binlog_row_event_fragment_threshold`"
    );
}

/// What an event with this header asks of its reader. An event that is neither understood nor marked ignorable is refused.
pub fn duty(header: &Header) -> Duty {
    match header.event_type {
        // the flag excuses nobody from what is known to matter
        EventType::Unknown | EventType::Other(_) if header.is_ignorable() || planted(Bug::UnknownSkipped) => {
            Duty::Skip
        }
        event_type => event_type.duty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u8, flags: u16) -> Duty {
        let event_type = EventType::from_number(number);
        duty(&Header { time: 0, event_type, server_id: 1, size: 19, end_position: 0, flags })
    }

    /// Each number of all 256 has one type and one duty, written down here a second time.
    #[test]
    fn all_256_numbers_have_a_duty() {
        let decoded = [2, 4, 15, 16, 19, 23, 24, 25, 27, 30, 31, 32, 33, 34, 38, 39, 41, 42, 162];
        let unpacked = [40, 165, 166, 167, 168, 169, 170, 171];
        let skipped = [3, 5, 13, 14, 28, 29, 35, 36, 37, 160, 161, 163, 164];
        for number in 0..=255 {
            let expected = match number {
                number if decoded.contains(&number) => "decode",
                number if unpacked.contains(&number) => "unpack",
                number if skipped.contains(&number) => "skip",
                _ => "refuse",
            };
            let found = match of(number, 0) {
                Duty::Decode => "decode",
                Duty::Unpack => "unpack",
                Duty::Skip => "skip",
                Duty::Refuse(_) => "refuse",
            };
            assert_eq!(found, expected, "type {number}");
            assert_eq!(EventType::from_number(number).number(), number);
            let named = EventType::NAMED.iter().filter(|named| named.number() == number).count();
            assert_eq!(named, usize::from(number <= 42 || (160..=172).contains(&number)), "type {number}");
        }
        #[cfg(feature = "planted-bugs")]
        {
            crate::failpoint::plant(Some("unknown-skipped"));
            let unknown = of(100, 0);
            crate::failpoint::plant(None);
            assert_eq!(unknown, Duty::Skip, "the bug shows");
        }
    }

    #[test]
    fn the_ignorable_flag_excuses_only_what_nobody_knows() {
        const IGNORABLE: u16 = 0x80;
        for number in 0..=255 {
            let (plain, flagged) = (of(number, 0), of(number, IGNORABLE));
            match EventType::from_number(number) {
                EventType::Unknown | EventType::Other(_) => {
                    assert_eq!((plain, flagged), (NOT_KNOWN, Duty::Skip), "type {number}");
                }
                _ => assert_eq!(plain, flagged, "type {number}"),
            }
        }
    }

    #[test]
    fn what_is_refused_has_a_name() {
        assert_eq!(EventType::from_number(26).to_string(), "Incident (26)");
        assert_eq!(EventType::from_number(172).to_string(), "Partial_row_data (172)");
        assert_eq!(EventType::from_number(99).to_string(), "type 99");
    }
}

//! What a reader of the log calls itself.

/// Name under which a task stands in a server's list of replicas: 60 bytes of ASCII is what older servers keep.
pub fn reader_name(task: &str) -> String {
    format!("syncc/{task}").chars().filter(char::is_ascii).take(60).collect()
}

//! "Did you mean": the word that was probably meant.

/// The candidate that `written` was probably meant to be: equal but for case, else nearest by edit distance within a third
/// of the length, else the same parts in another order. None when nothing is near, or two are equally near.
pub fn closest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let mut candidates: Vec<&str> = candidates.into_iter().collect();
    candidates.sort_unstable();
    candidates.dedup();
    let folded = written.to_lowercase();
    if let Some(found) = only(candidates.iter().filter(|c| c.to_lowercase() == folded)) {
        return Some(found);
    }
    let limit = (written.chars().count().max(3)) / 3;
    let distances: Vec<(usize, &str)> = candidates
        .iter()
        .map(|c| (strsim::damerau_levenshtein(&c.to_lowercase(), &folded), *c))
        .filter(|&(distance, _)| distance <= limit)
        .collect();
    if let Some(best) = distances.iter().map(|&(distance, _)| distance).min() {
        return only(distances.iter().filter(|(distance, _)| *distance == best).map(|(_, c)| c));
    }
    only(candidates.iter().filter(|c| sorted_parts(c) == sorted_parts(&folded)))
}

/// Our word for a word of another tool's vocabulary, with a hint.
pub fn foreign_word(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "filter" | "filters" => "where",
        "whitelist" | "table.include.list" | "database.include.list" | "tables" | "select" => "include",
        "blacklist" | "table.exclude.list" | "database.exclude.list" | "ignore" => "exclude",
        "kafka_topic" | "dynamictopic" | "topics" | "topic.prefix" => "topic",
        "producer_partition_by" | "partitionhash" | "partitioner" => "partition",
        "bootstrap.servers" | "bootstrap-servers" | "servers" => "brokers",
        "route" | "routes" | "map" | "alias" => "rename",
        "import" => "use",
        "sink" => "target",
        "job" | "task" | "flow" | "sync" => "pipeline",
        "host" | "hostname" | "url" => "address",
        "username" => "user",
        "passwd" | "pass" => "password",
        "ssl" => "tls",
        "version" => "edition",
        _ => return None,
    })
}

fn only<'a, 'c: 'a>(mut found: impl Iterator<Item = &'a &'c str>) -> Option<&'c str> {
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn sorted_parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = name.to_lowercase().split(['_', '-', '.', ' ']).map(str::to_owned).collect();
    parts.sort_unstable();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder() {
        assert_eq!(closest("BUS", ["bus", "dr"]), Some("bus"));
        assert_eq!(closest("buss", ["bus", "dr"]), Some("bus"));
        assert_eq!(closest("inclde", ["include", "exclude"]), Some("include"));
        assert_eq!(closest("orders_shop_eu", ["shop_orders_eu", "crm"]), Some("shop_orders_eu"));
        assert_eq!(closest("warehouse", ["bus", "dr"]), None);
        assert_eq!(closest("bux", ["bus", "bua"]), None, "two are equally near");
    }
}

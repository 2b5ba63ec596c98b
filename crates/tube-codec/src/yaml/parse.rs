//! Reads flat YAML as beanstalkd writes it: one key or item a line, nothing nested, nothing escaped.

/// The keys and values of `stats`, `stats-job` or `stats-tube`, in their order. Quotes around a value are
/// taken off, as 1.13 has them where older servers have none; lines of any other form are passed over.
///
/// ```
/// use trellis_tube_codec::yaml;
///
/// let mut map = yaml::parse_map(b"---\nid: 7\ntube: \"mail\"\n");
/// assert_eq!(map.next(), Some(("id", "7")));
/// assert_eq!(map.next(), Some(("tube", "mail")));
/// assert_eq!(map.next(), None);
/// ```
pub fn parse_map(body: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    lines(body).filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        Some((key.trim(), unquote(value.trim())))
    })
}

/// The names in `list-tubes` or `list-tubes-watched`, in their order. Lines of any other form are passed over.
///
/// ```
/// use trellis_tube_codec::yaml;
///
/// assert!(yaml::parse_list(b"---\n- default\n- \"mail\"\n").eq(["default", "mail"]));
/// ```
pub fn parse_list(body: &[u8]) -> impl Iterator<Item = &str> {
    lines(body).filter_map(|line| Some(unquote(line.strip_prefix("- ")?.trim())))
}

fn lines(body: &[u8]) -> impl Iterator<Item = &str> {
    body.split(|&byte| byte == b'\n').filter_map(|line| str::from_utf8(line).ok())
}

fn unquote(value: &str) -> &str {
    let within = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

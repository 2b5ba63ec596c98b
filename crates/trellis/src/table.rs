//! Aligned text. What it aligns is ASCII, as far as its width matters: names, numbers, and a server's keys. What would
//! move a terminal's cursor or change its colours is shown instead of sent.

/// What is left of a name where there is too little room for it, unless all names are shorter.
const NAME_COLUMNS_MIN: usize = 8;

/// Spaces between two columns, and how many are left of them where room is short.
const GAP: usize = 2;
const GAP_MIN: usize = 1;

/// Rows under headings: the first columns to the left, the others to the right.
pub(crate) struct Table {
    headings: &'static [&'static str],
    /// How many columns are text, which is aligned to the left.
    texts: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows, whose first column is text and the others are numbers.
    pub(crate) fn new(headings: &'static [&'static str]) -> Self {
        Self::with_texts(headings, 1)
    }

    /// A table without rows, whose first columns are text, so many of them.
    pub(crate) fn with_texts(headings: &'static [&'static str], texts: usize) -> Self {
        Table { headings, texts, rows: Vec::new() }
    }

    /// Adds a row with as many cells as there are headings.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.into_iter().map(visible).collect());
    }

    /// The lines, headings first, in as many columns of the terminal as there are.
    ///
    /// If they do not fit, the gaps and then the first column give way; after that whole columns do, from the right.
    /// A number is never cut, since its beginning would be another number.
    pub(crate) fn lines(&self, room: Option<usize>) -> Vec<String> {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| heading.len()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.len().max(*width);
            }
        }
        let gap = narrow(&mut widths, room);
        let headings = align(self.headings, &widths, gap, self.texts);
        std::iter::once(headings)
            .chain(self.rows.iter().map(|row| align(row, &widths, gap, self.texts)))
            .collect()
    }
}

/// Cells may be words of strangers: a program's status, the name of somebody's tube. One cell is one line, and what a
/// terminal would obey is spelled as Rust does.
fn visible(cell: String) -> String {
    if !cell.contains(is_obeyed) {
        return cell;
    }
    let mut shown = String::with_capacity(cell.len());
    for character in cell.chars() {
        if is_obeyed(character) { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}

/// Control characters, and those that turn the direction of writing.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Makes the columns fit into the room, and returns the gap between them.
fn narrow(widths: &mut Vec<usize>, room: Option<usize>) -> usize {
    let Some(room) = room else { return GAP };
    let total = |widths: &[usize], gap: usize| widths.iter().sum::<usize>() + gap * (widths.len() - 1);
    if total(widths, GAP) <= room {
        return GAP;
    }
    while let Some(excess) = total(widths, GAP_MIN).checked_sub(room).filter(|excess| *excess > 0) {
        let spare = widths[0].saturating_sub(NAME_COLUMNS_MIN);
        if spare >= excess || widths.len() == 1 {
            widths[0] -= excess.min(spare);
            break;
        }
        widths.pop();
    }
    GAP_MIN
}

/// Keys to the left, values after them.
pub(crate) fn two_columns(pairs: &[(impl AsRef<str>, impl AsRef<str>)]) -> Vec<String> {
    let pairs = pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref()));
    let width = pairs.clone().map(|(key, _)| key.len()).max().unwrap_or(0);
    pairs.map(|(key, value)| format!("{key:width$}  {value}").trim_end().to_owned()).collect()
}

fn align(cells: &[impl AsRef<str>], widths: &[usize], gap: usize, texts: usize) -> String {
    let mut line = String::new();
    for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        let cell = cell.as_ref();
        match column {
            0 if cell.len() > width => {
                line.extend(cell.chars().take(width.saturating_sub(1)));
                line.push('…');
            }
            0 => line.push_str(&format!("{cell:width$}")),
            // Nothing follows the last one that would have to be aligned.
            _ if column < texts && column + 1 == widths.len() => line.push_str(&format!("{:gap$}{cell}", "")),
            _ if column < texts => line.push_str(&format!("{:gap$}{cell:width$}", "")),
            _ => line.push_str(&format!("{:gap$}{cell:>width$}", "")),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns() {
        let mut table = Table::new(&["tube", "ready"]);
        table.row(vec!["default".to_owned(), "7".to_owned()]);
        table.row(vec!["x".to_owned(), "1234567".to_owned()]);
        let wide = ["tube       ready", "default        7", "x        1234567"];
        assert_eq!(table.lines(None), wide);
        assert_eq!(table.lines(Some(16)), wide);
    }

    #[test]
    fn texts_are_to_the_left() {
        let mut table = Table::with_texts(&["process", "state", "last"], 3);
        table.row(vec!["a.0".to_owned(), "up".to_owned(), "exit code 1".to_owned()]);
        assert_eq!(table.lines(None), ["process  state  last", "a.0      up     exit code 1"]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let rows = [
            ("plain, größer", "plain, größer"),
            ("back\rover", r"back\rover"),
            ("\u{1b}[2Jgone", r"\u{1b}[2Jgone"),
            ("a\nb\tc\0", r"a\nb\tc\u{0}"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("to the \u{202e}left", r"to the \u{202e}left"),
        ];
        for (cell, wanted) in rows {
            let mut table = Table::with_texts(&["a", "b"], 2);
            table.row(vec!["x".to_owned(), cell.to_owned()]);
            assert_eq!(table.lines(None)[1], format!("x  {wanted}"));
        }
    }

    #[test]
    fn names_give_way_first() {
        let mut table = Table::new(&["tube", "ready", "buried"]);
        table.row(vec!["x".repeat(150), "1234567".to_owned(), "8".to_owned()]);
        table.row(vec!["default".to_owned(), "7".to_owned(), "9".to_owned()]);
        let check = |room: usize, expected: [&str; 3]| {
            assert_eq!(table.lines(Some(room)), expected, "{room} columns");
        };
        check(25, ["tube         ready buried", "xxxxxxxxx… 1234567      8", "default          7      9"]);
        check(23, ["tube       ready buried", "xxxxxxx… 1234567      8", "default        7      9"]);
        check(22, ["tube             ready", "xxxxxxxxxxxxx… 1234567", "default              7"]);
        check(9, ["tube     ", "xxxxxxxx…", "default  "]);
        check(1, ["tube    ", "xxxxxxx…", "default "]);
    }

    #[test]
    fn aligns_pairs() {
        let pairs = [("pid", "7"), ("uptime", "")];
        assert_eq!(two_columns(&pairs), ["pid     7", "uptime"]);
    }
}

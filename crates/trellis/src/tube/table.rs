//! Aligned text. Everything it aligns is ASCII: names of tubes, numbers, and the server's keys.

/// Rows under headings: the first column to the left, the others to the right.
pub(super) struct Table {
    headings: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(headings: &'static [&'static str]) -> Self {
        Table { headings, rows: Vec::new() }
    }

    /// Adds a row with as many cells as there are headings.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines, headings first.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| heading.len()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.len().max(*width);
            }
        }
        let headings = align(self.headings, &widths);
        std::iter::once(headings).chain(self.rows.iter().map(|row| align(row, &widths))).collect()
    }
}

/// Keys to the left, values after them.
pub(super) fn two_columns(pairs: &[(String, String)]) -> Vec<String> {
    let width = pairs.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    pairs.iter().map(|(key, value)| format!("{key:width$}  {value}").trim_end().to_owned()).collect()
}

fn align(cells: &[impl AsRef<str>], widths: &[usize]) -> String {
    let mut line = String::new();
    for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        let cell = cell.as_ref();
        match column {
            0 => line.push_str(&format!("{cell:width$}")),
            _ => line.push_str(&format!("  {cell:>width$}")),
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
        assert_eq!(table.lines(), ["tube       ready", "default        7", "x        1234567"]);
    }

    #[test]
    fn aligns_pairs() {
        let pairs = [("pid".to_owned(), "7".to_owned()), ("uptime".to_owned(), String::new())];
        assert_eq!(two_columns(&pairs), ["pid     7", "uptime"]);
    }
}

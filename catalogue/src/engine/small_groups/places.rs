//! Where groups are: a table with one place for every combination of keys, each between the least and the most that it has
//! been. Grows as keys come, up to a limit.

use arrow::array::{Array, Int64Array};

use super::span::Span;

/// The most places: a table of a megabyte, which stays in the second cache of a processor.
pub(super) const MOST_PLACES: usize = 1 << 18;

/// The groups of some rows, numbered from zero as they came.
#[derive(Debug)]
pub(super) struct Places {
    spans: Vec<Span>,
    /// One more than the number of the group at each place; zero where there is none.
    groups: Vec<u32>,
    /// The place of each group.
    found: Vec<u32>,
    /// The place of each row of a batch.
    rows: Vec<u32>,
}

impl Places {
    /// No groups of so many keys.
    pub(super) fn of_keys(count: usize) -> Self {
        Self { spans: vec![Span::EMPTY; count], groups: vec![0], found: Vec::new(), rows: Vec::new() }
    }

    /// Groups so far.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        (self.groups.capacity() + self.found.capacity() + self.rows.capacity()) * size_of::<u32>()
    }

    /// Makes room for the `keys` of some rows. Changes nothing and is `false` where there would be too many places.
    pub(super) fn fit(&mut self, keys: &[Int64Array]) -> bool {
        let needed: Vec<Span> = self.spans.iter().zip(keys).map(|(span, key)| span.with(key)).collect();
        if needed == self.spans {
            return true;
        }
        // Some of the room is for keys to come, because groups have to move.
        let roomy = self.spans.iter().zip(&needed).map(|(before, now)| now.roomy(*before)).collect();
        let Some((places, spans)) =
            [roomy, needed].into_iter().find_map(|spans| Some((count(&spans)?, spans)))
        else {
            return false;
        };
        self.move_to(spans, places);
        true
    }

    fn move_to(&mut self, spans: Vec<Span>, places: usize) {
        let moved: Vec<u32> = self.found.iter().map(|&place| moved(place, &self.spans, &spans)).collect();
        self.groups = vec![0; places];
        for (number, &place) in (1..).zip(&moved) {
            self.groups[place as usize] = number;
        }
        (self.spans, self.found) = (spans, moved);
    }

    /// Puts the number of every row's group into `numbers`. There is room for all `keys`.
    pub(super) fn number(&mut self, keys: &[Int64Array], numbers: &mut Vec<usize>) {
        self.rows.clear();
        self.rows.resize(keys.first().map_or(0, Array::len), 0);
        let mut step = 1;
        for (span, key) in self.spans.iter().zip(keys) {
            span.add_codes(key, step, &mut self.rows);
            step *= span.codes() as u32;
        }
        let (groups, found) = (&mut self.groups, &mut self.found);
        numbers.clear();
        numbers.extend(self.rows.iter().map(|&place| {
            let group = &mut groups[place as usize];
            if *group == 0 {
                found.push(place);
                *group = found.len() as u32;
            }
            *group as usize - 1
        }));
    }

    /// The keys of all groups, one array for each key.
    pub(super) fn keys(&self) -> Vec<Int64Array> {
        let mut step = 1;
        let keys = self.spans.iter().map(|span| {
            let codes = span.codes() as u32;
            let key = self.found.iter().map(|place| span.key(place / step % codes)).collect();
            step *= codes;
            key
        });
        keys.collect()
    }
}

/// How many places all combinations take, unless there are too many.
fn count(spans: &[Span]) -> Option<usize> {
    let places = spans.iter().try_fold(1, |places: u128, span| places.checked_mul(span.codes()))?;
    usize::try_from(places).ok().filter(|places| *places <= MOST_PLACES)
}

/// Where a group goes that is at `place` while keys lie in the spans `from`.
fn moved(place: u32, from: &[Span], to: &[Span]) -> u32 {
    let (mut step, mut left, mut moved) = (1, place, 0);
    for (from, to) in from.iter().zip(to) {
        let codes = from.codes() as u32;
        moved += from.key(left % codes).map_or(0, |key| to.code(key)) * step;
        left /= codes;
        step *= to.codes() as u32;
    }
    moved
}

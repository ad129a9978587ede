//! Which cells of a grid have circles: blocks of eight by eight cells, each with one bit for each of its cells.
//! Most rows learn from a single bit that there is nothing to compare with. Rows come by place, so the bits of blocks
//! that are neighbours on the sky are neighbours in memory.

/// Cells of a block in either direction, as a power of two: together one for each bit of a word.
const SIDE: u32 = 3;

/// Blocks in either direction whose words lie side by side, as a power of two: two lines of a cache.
const NEARBY: u32 = 2;

/// Words of the filter, at most, as a power of two: a mebibyte, which a core's cache holds.
const FILTER_BITS: u32 = 17;

/// A block that has circles.
#[derive(Clone, Copy, Debug)]
struct Block {
    key: u64,
    /// A bit for each cell that a circle touches.
    marks: u64,
}

/// A hash table of blocks, with open addressing. Blocks have numbers in the order in which they came.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The hash's upper bits are the place of nearby blocks in the filter.
    filter_shift: u32,
    /// The marks of all blocks with the same word together: never wrong about a cell that is marked, and rarely about
    /// others.
    filter: Vec<u64>,
    /// The hash's upper bits are the slot.
    shift: u32,
    /// One more than the number of the block there; 0 where there is none.
    slots: Vec<u32>,
    blocks: Vec<Block>,
}

impl Blocks {
    /// Takes so many blocks.
    pub(super) fn with_room_for(blocks: usize) -> Self {
        let bits = (2 * blocks).next_power_of_two().trailing_zeros().max(1);
        let filter_bits = bits.clamp(2 * NEARBY + 1, FILTER_BITS);
        Self {
            filter_shift: 64 + 2 * NEARBY - filter_bits,
            filter: vec![0; 1 << filter_bits],
            shift: 64 - bits,
            slots: vec![0; 1 << bits],
            blocks: Vec::new(),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        8 * self.filter.len() + 4 * self.slots.len() + self.blocks.capacity() * size_of::<Block>()
    }

    /// Marks a cell, and returns the number of its block.
    pub(super) fn mark(&mut self, cell: u64) -> u32 {
        let key = key(cell);
        let word = self.word(key);
        self.filter[word] |= bit(cell);
        let slot = self.slot(key);
        if self.slots[slot] == 0 {
            self.blocks.push(Block { key, marks: 0 });
            self.slots[slot] = self.blocks.len() as u32;
        }
        let number = self.slots[slot] - 1;
        self.blocks[number as usize].marks |= bit(cell);
        number
    }

    /// For looking up one cell after the other.
    pub(super) fn near(&self) -> Near<'_> {
        // No block has this key: the highest zone would be beyond the pole.
        Near { blocks: self, key: u64::MAX, marks: 0, number: 0 }
    }

    fn may_have(&self, cell: u64) -> bool {
        self.filter[self.word(key(cell))] & bit(cell) != 0
    }

    /// Where the marks of a block are in the filter.
    fn word(&self, key: u64) -> usize {
        let (group, member) = split(key, NEARBY);
        (((hash(group) >> self.filter_shift) << (2 * NEARBY)) | member) as usize
    }

    /// Where a block is, or would be. There are more slots than blocks, so the search ends.
    fn slot(&self, key: u64) -> usize {
        let mut slot = (hash(key) >> self.shift) as usize;
        while self.slots[slot] != 0 && self.blocks[self.slots[slot] as usize - 1].key != key {
            // The number of slots is a power of two.
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }
}

/// The block that was looked up last.
pub(super) struct Near<'a> {
    blocks: &'a Blocks,
    key: u64,
    /// None where there is no such block.
    marks: u64,
    number: usize,
}

impl Near<'_> {
    /// The number of a cell's block, if the cell is marked.
    pub(super) fn block_with(&mut self, cell: u64) -> Option<usize> {
        if !self.blocks.may_have(cell) {
            return None;
        }
        let key = key(cell);
        if key != self.key {
            let found = self.blocks.slots[self.blocks.slot(key)].checked_sub(1);
            self.key = key;
            self.number = found.unwrap_or(0) as usize;
            self.marks = found.map_or(0, |number| self.blocks.blocks[number as usize].marks);
        }
        (self.marks & bit(cell) != 0).then_some(self.number)
    }
}

/// The block of a cell.
fn key(cell: u64) -> u64 {
    split(cell, SIDE).0
}

/// The bit of a cell within its block.
fn bit(cell: u64) -> u64 {
    1 << split(cell, SIDE).1
}

/// What a cell or block belongs to, which is both halves without their lowest bits, and its number there.
fn split(key: u64, bits: u32) -> (u64, u64) {
    let (zone, in_zone, lowest) = (key >> 32, key & u64::from(u32::MAX), (1 << bits) - 1);
    (((zone >> bits) << 32) | (in_zone >> bits), ((zone & lowest) << bits) | (in_zone & lowest))
}

/// Multiplication by 2^64 over the golden ratio spreads neighbouring blocks (Knuth, volume 3, section 6.4).
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(zone: u64, in_zone: u64) -> u64 {
        (zone << 32) | in_zone
    }

    #[test]
    fn marked_cells_are_found_and_no_others() {
        let marked = [cell(0, 0), cell(7, 7), cell(8, 7), cell(129_599, 1_000), cell(7, 7)];
        let mut blocks = Blocks::with_room_for(marked.len());
        let numbers = marked.map(|cell| blocks.mark(cell));
        assert_eq!(numbers, [0, 0, 1, 2, 0]);
        let mut near = blocks.near();
        let found = marked.map(|cell| near.block_with(cell));
        assert_eq!(found, [Some(0), Some(0), Some(1), Some(2), Some(0)]);
        let others = [cell(0, 1), cell(1, 0), cell(7, 8), cell(9, 7), cell(129_599, 999), cell(5, 50_000)];
        assert_eq!(others.map(|cell| near.block_with(cell)), [None; 6]);
    }

    #[test]
    fn without_circles_nothing_is_marked() {
        assert_eq!(Blocks::with_room_for(0).near().block_with(cell(3, 3)), None);
    }
}

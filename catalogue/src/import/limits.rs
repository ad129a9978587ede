//! How much an import may take, in one place.

/// The limits of one import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportLimits {
    /// Bytes of rows in memory while they are sorted, all threads together. Buffers of the Parquet writer (one
    /// compressed row group per thread) come on top.
    pub memory_bytes: u64,
    /// Bytes of memory of each child that reads a file, beyond its own program.
    pub reader_memory_bytes: u64,
    /// Seconds of processor time that a child has for any file,
    pub reader_seconds: u64,
    /// and for each MiB of its file.
    pub reader_seconds_per_mib: u64,
    /// Bytes that the rows of any file may take when they are put aside,
    pub expanded_bytes: u64,
    /// and for each byte of the file.
    pub expanded_bytes_per_byte: u64,
    /// Rows of one tile; HATS catalogues of Gaia have about as many.
    pub max_tile_rows: u64,
}

/// Below this an import could not sort one piece of a file.
pub const MIN_MEMORY_BYTES: u64 = 16 << 20;

impl Default for ImportLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            reader_memory_bytes: 1 << 30,
            reader_seconds: 60,
            reader_seconds_per_mib: 4,
            expanded_bytes: 1 << 30,
            expanded_bytes_per_byte: 200,
            max_tile_rows: 1_000_000,
        }
    }
}

impl ImportLimits {
    /// Processor time for reading a file of so many bytes.
    pub(super) fn reader_seconds(&self, file_bytes: u64) -> u64 {
        self.reader_seconds + self.reader_seconds_per_mib * (file_bytes >> 20)
    }

    /// Bytes that the rows of a file of so many bytes may take.
    pub(super) fn expanded_bytes(&self, file_bytes: u64) -> u64 {
        self.expanded_bytes.saturating_add(self.expanded_bytes_per_byte.saturating_mul(file_bytes))
    }

    /// Bytes of rows that one thread may hold before it sorts them; sorting makes a second copy of them.
    pub(super) fn sort_bytes(&self) -> u64 {
        self.memory_bytes / (2 * rayon::current_num_threads() as u64)
    }
}

// Where the train kernel finds things: byte offsets. src/word2vec/layout.ts lays them out, src/word2vec/model.ts
// writes what stands there.

// Parameters of one thread, or of a lane.
export const INPUT: usize = 0 // rows: words as contexts
export const WINDOW: usize = 4
export const NEGATIVE: usize = 8
export const WORDS: usize = 12 // V; row V is zero in both matrices, and pads targets to a multiple of six
export const MODE: usize = 16
export const KEEP: usize = 20 // u32 a word: kept if a random u32 is at most this
export const NOISE: usize = 24 // alias table: threshold u32, alias u32 a word
export const NOISE_OFFSETS: usize = 28 // f32 a word: −log(K · chance), for nce
export const PATH_OFFSETS: usize = 32 // u32 a word and one more
export const PATH_STEPS: usize = 36 // u32: node, and the code in the highest bit
export const FROZEN: usize = 40 // u8 a word: 1 if its input row stays
export const KEPT: usize = 44 // word numbers after subsampling
export const JOBS: usize = 48
export const JOB_BYTES: usize = 52
export const WINDOW_BYTES: usize = 56 // of the jobs of one window
export const BIASES: usize = 60 // where these lie in a job
export const TARGET_ROWS: usize = 64
export const CONTEXT_ROWS: usize = 68
export const GRADIENTS: usize = 72
export const OUTPUT: usize = 76 // rows: words, or nodes, as targets
export const MOVED: usize = 80 // rows: how far each input row moves
export const HIDDEN: usize = 84 // a row: what a window of cbow is made into
export const ROW_BYTES: usize = 88 // of every row: whole pairs of vectors
export const CONSTANTS: usize = 92
export const SIGNS: usize = 96 // of a centre word and all its negative samples
export const POINTERS: usize = 100 // to the input rows of the job at work
export const RANDOM: usize = 104 // u64: state of the stream that subsamples
export const SEED: usize = 112 // u64: of the block
export const PLACE: usize = 120 // u32: kept words of the block before these, breaks among them
export const HOT_FIRST: usize = 124 // the first of the rows of targets that this thread has its own copies of
export const LOSS: usize = 128 // f64, summed
export const PRODUCT: usize = 136 // f64, probabilities multiplied and not yet in the loss
export const PAIRS: usize = 144 // f64, input-target pairs
export const CENTRES: usize = 152 // f64, words left by subsampling
export const HOT_COPIES: usize = 160 // where they are; behind them, as they were when they were copied
export const HOT_COUNT: usize = 164 // 0: no copies
export const POOL: usize = 172 // how far behind a kept word the noise word of the same number is
export const READ: usize = 176 // f64, words before subsampling
export const HOT_INPUTS: usize = 184 // copies of as many input rows, from the first on; 0: none
export const SCRATCH: usize = 188 // 96 bytes for sums, and behind them 32 that stay zero
export const INPUT_SQUARES: usize = 192
export const OUTPUT_SQUARES: usize = 196
export const POOL_MASK: usize = 200 // one less than the noise words that a window takes its own from, a power of two

// Only of a lane.
export const LANE: usize = 204 // its number
export const IS_FAR: usize = 208 // 1: rows lie in other memories, and here only copies
export const MARK_MASK: usize = 212 // one less than the marks there are, a power of two
export const CONTEXT_LIST: usize = 216 // rows that stand for the kept words of its windows and their neighbours
export const CENTRE_LIST: usize = 220 // rows that stand for the kept words as targets,
export const NOISE_LIST: usize = 224 // and for their noise words
export const INPUT_SIDE: usize = 232
export const OUTPUT_SIDE: usize = 264

// Of a lane, for one of the two matrices: what it knows of the rows it uses. Slots are its copies.
export const SIDE_ROWS: usize = 0 // the matrix
export const SIDE_SQUARES: usize = 4 // Adagrad's sums, or 0
export const SIDE_MARKS: usize = 8 // 8 bytes a mark, one for each lane: its round, if it uses such a row. All lanes have the same
export const SIDE_FIRST: usize = 12 // the row that slot 0 is
export const SIDE_USED: usize = 16 // slots in use
export const SIDE_SLOTS: usize = 20 // u32 a row: its slot, if that slot says so too
export const SIDE_ENTRIES: usize = 24 // of a slot:
export const ENTRY_ROW: usize = 0 // u32
export const ENTRY_COUNT: usize = 4 // u32: how many times the lane uses it
export const ENTRY_USERS: usize = 8 // u64: the highest bit of a byte for each lane that may use it
export const ENTRY_BYTES: usize = 16

// Bits of MODE.
export const CBOW: u32 = 1
export const SOFTMAX: u32 = 2 // hierarchical
export const NCE: u32 = 4
export const PER_PAIR: u32 = 8
export const FIXED_RADIUS: u32 = 16
export const ADAGRAD: u32 = 32
export const HAS_FROZEN: u32 = 64
export const SUM_INPUT: u32 = 128 // cbow: the sum of the contexts, not their mean
export const DIVIDED: u32 = 256 // cbow: contexts move by the mean's own gradient

// A job: the contexts of a window, or one of them, by the targets of the centre word.
export const JOB_CONTEXTS: usize = 0 // how many; 0: no job
export const JOB_TARGETS: usize = 4 // how many that count; the rest up to a multiple of six is the zero row
export const JOB_GROUPS: usize = 8 // of six targets
export const JOB_SIGNS: usize = 12 // pointer to 24 signs a group, those of six targets four times: 0 for the zero row
export const JOB_NEXT_INPUT: usize = 16 // rows to fetch: the word that comes into reach,
export const JOB_NEXT_OUTPUT: usize = 20 // and the newest noise word
export const JOB_OWN_SIGNS: usize = 32

/** A context in a job: its word, and this bit if its row stays. */
export const FROZEN_BIT: u32 = 0x80000000

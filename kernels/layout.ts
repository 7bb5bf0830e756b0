// Where the train kernel finds things: byte offsets. src/word2vec/layout.ts lays them out, src/word2vec/model.ts
// writes what stands there.

// Parameters of one thread in one memory.
export const SEGMENT: usize = 0 // the columns that this memory holds, if it is the only one
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
export const GRADIENT_BYTES: usize = 76 // of one job
export const MOVED: usize = 80 // rows as wide as all columns here: how far each input row moves
export const HIDDEN: usize = 84 // rows: what a window of cbow is made into
export const ROW_BYTES: usize = 88 // of a row in MOVED and HIDDEN
export const CONSTANTS: usize = 92
export const SIGNS: usize = 96 // of a centre word and all its negative samples
export const POINTERS: usize = 100 // to the input rows of the job at work
export const RANDOM: usize = 104 // u64: state of the stream that subsamples
export const SEED: usize = 112 // u64: of the block
export const PLACE: usize = 120 // u32: kept words of the block before these, breaks among them
export const LOSS: usize = 128 // f64, summed
export const PRODUCT: usize = 136 // f64, probabilities multiplied and not yet in the loss
export const HOT_FIRST: usize = 124 // the first of the rows of targets that this thread has its own copies of
export const PAIRS: usize = 144 // f64, input-target pairs
export const CENTRES: usize = 152 // f64, words left by subsampling
export const HOT_COPIES: usize = 160 // where they are; behind them, as they were when they were copied
export const HOT_COUNT: usize = 164 // 0: no copies
export const HOT_SHARE: usize = 168 // f32: how much of what a thread adds to them counts
export const POOL: usize = 172 // how far behind a kept word the noise word of the same number is
export const READ: usize = 176 // f64, words before subsampling
export const HOT_INPUTS: usize = 184 // copies of as many input rows, from the first on; 0: none
export const SCRATCH: usize = 188 // 96 bytes for sums, and behind them 32 that stay zero

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

// A segment: columns of both matrices that lie together, row by row.
export const INPUT: usize = 0 // words as contexts
export const OUTPUT: usize = 4 // words, or nodes, as targets
export const INPUT_SQUARES: usize = 8
export const OUTPUT_SQUARES: usize = 12
export const STRIDE: usize = 16
export const COLUMN: usize = 20 // where these columns begin in MOVED and HIDDEN

// A job: the contexts of a window, or one of them, by the targets of the centre word.
export const JOB_CONTEXTS: usize = 0 // how many; 0: no job
export const JOB_TARGETS: usize = 4 // how many that count; the rest up to a multiple of six is the zero row
export const JOB_GROUPS: usize = 8 // of six targets
export const JOB_SIGNS: usize = 12 // pointer to 24 signs a group, those of six targets four times: 0 for the zero row
export const JOB_NEXT_INPUT: usize = 16 // rows to fetch: the word that comes into reach,
export const JOB_NEXT_OUTPUT: usize = 20 // and the newest noise word
export const JOB_SUMS: usize = 24 // by columns: how far into the batch's lists this job's dot products and gradients are
export const JOB_OWN_SIGNS: usize = 32

/** A context in a job: its word, and this bit if its row stays. */
export const FROZEN_BIT: u32 = 0x80000000

// Where the train kernel finds things: byte offsets. src/word2vec/model.ts writes what stands there.

// Parameters of one thread, see src/word2vec/model.ts.
export const INPUT: usize = 0 // rows of the words as contexts
export const OUTPUT: usize = 4 // rows of the words as targets
export const ROW_BYTES: usize = 8
export const WINDOW: usize = 12
export const NEGATIVE: usize = 16
export const WORDS: usize = 20 // V
export const KEEP: usize = 24 // u32 a word: kept if a random u32 is at most this
export const NOISE: usize = 28 // alias table: threshold u32, alias u32 a word
export const KEPT: usize = 32 // word numbers after subsampling
export const JOBS: usize = 36
export const JOB_BYTES: usize = 40
export const GRADIENTS: usize = 44
export const MOVED: usize = 48 // four columns of the targets, where there are more than six
export const ZERO_ROW: usize = 52
export const CONSTANTS: usize = 56
export const RANDOM: usize = 64 // u64 state of SplitMix64
export const LOSS: usize = 72 // f64, summed
export const PRODUCT: usize = 80 // f64, probabilities multiplied and not yet in the loss
export const PAIRS: usize = 88 // f64, context-target pairs
export const CENTRES: usize = 96 // f64, words left by subsampling

// A job: one window.
export const JOB_CONTEXTS: usize = 0 // how many
export const JOB_TARGETS: usize = 4 // how many that count; the rest up to a multiple of six is the zero row
export const JOB_ROWS: usize = 8 // pointers to the rows: targets first, then contexts

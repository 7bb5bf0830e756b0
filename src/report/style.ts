/** The page's style. Colours come from the pictures' style, so that text and pictures agree. */
export const pageStyle = `
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0; display: flex; flex-wrap: wrap; align-items: center;
  gap: 0.3em 0.5em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 0.3rem; }
p { margin: 0 0 0.9rem; max-width: 44rem; color: var(--quiet); }
.eyebrow { margin: 0 0 0.2rem; font-size: 0.85rem; }
.lead { margin: 0.5rem 0 0; font-size: 1.05rem; color: var(--ink); white-space: pre-line; }
.state { font-size: 0.8rem; font-weight: 600; padding: 0.1rem 0.65rem; border-radius: 1rem;
  border: 1px solid currentColor; }
.complete { color: var(--group-2); }
.running { color: var(--accent); }
.stopped { color: var(--group-4); }
.failed, .dead { color: var(--group-5); }
.notes { margin: 1rem 0 0; padding: 0.7rem 1rem 0.7rem 2rem; border-left: 3px solid var(--group-4); }
section { margin-top: 2.6rem; }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.8rem, 1fr)); gap: 1.1rem 1.5rem;
  margin: 1.8rem 0 0; padding: 1.1rem 0; border: solid var(--line); border-width: 1px 0; }
.figures dt { font-size: 0.85rem; color: var(--quiet); }
.figures dd { margin: 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
small { font-size: 0.8rem; font-weight: 400; color: var(--quiet); font-variant-numeric: tabular-nums; }
.figures small { display: block; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr));
  gap: 1.8rem 2.2rem; margin-top: 1.2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: baseline; padding: 0.3rem 1.4rem 0.3rem 0; border-bottom: 1px solid var(--line); }
th { font-size: 0.85rem; font-weight: 400; color: var(--quiet); }
.number { text-align: right; }
.level-1 { padding-left: 1rem; }
.level-2 { padding-left: 2rem; color: var(--quiet); }
.near { white-space: nowrap; margin-right: 0.7em; }
code, pre { font: 0.88rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { margin: 0; padding: 0.8rem 1rem; border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
pre span { display: inline-block; }
.config { columns: 17rem; column-gap: 2.5rem; margin: 0; font-size: 0.92rem; }
.config div { display: flex; justify-content: space-between; gap: 1rem; break-inside: avoid; padding: 0.2rem 0;
  border-bottom: 1px solid var(--line); }
.config dt { color: var(--quiet); }
.config dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; }
footer { margin-top: 3rem; font-size: 0.85rem; color: var(--quiet); }
@media (max-width: 40rem) {
  .wide { display: none; }
  .narrow { display: block; }
  h1 { font-size: 1.7rem; }
}
@media print {
  :root { --paper: #fff; }
  main { max-width: none; padding: 0; }
  body { font-size: 10.5pt; }
  figure, tr, pre, header { break-inside: avoid; }
  h2 { break-after: avoid; }
  .wide { display: block; }
  .narrow { display: none; }
}
`

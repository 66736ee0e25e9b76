"""How a page looks on a screen, on a small one, and on paper.

Takes nothing, gives one style sheet. Must name nothing outside the page: no font, no image, no address.
"""

PAGE_CSS = """\
:root { color-scheme: light; --ink: #1a1a1a; --faint: #666; --rule: #d9d9d9; --mark: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(.8rem, 4vw, 2.5rem) 4rem; max-width: 72rem; background: #fff;
  color: var(--ink); font: 16px/1.5 system-ui, "DejaVu Sans", "Liberation Sans", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; }
h4 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p, ul { margin: .5rem 0; max-width: 46rem; }
.subtitle, .note, figcaption, caption { color: var(--faint); }
.note, .finding small { font-size: .82rem; }
.note { overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; padding: 0; margin: .8rem 0 0;
  max-width: none; }
a { color: var(--mark); }
.finding { border-left: 3px solid var(--rule); padding: .1rem 0 .1rem .9rem; margin: .7rem 0; max-width: 56rem; }
.finding p { max-width: none; margin: .1rem 0; overflow-wrap: anywhere; }
.finding.lead { border-left: 5px solid var(--mark); }
.finding.lead p { font-size: 1.1rem; font-weight: 600; }
.finding small { color: var(--faint); overflow-wrap: anywhere; }
figure { margin: 1.2rem 0 1.6rem; }
figure svg { display: block; height: auto; max-width: 100%; min-width: 34em; font-size: 16px; }
figure svg * { stroke-linejoin: round; stroke-linecap: butt; }
figcaption { font-size: .88rem; margin-top: .4rem; max-width: 50rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; margin: .8rem 0 1rem; }
caption { text-align: left; font-size: .88rem; padding-bottom: .35rem; }
th, td { padding: .25rem .7rem .25rem 0; text-align: left; vertical-align: top; white-space: nowrap; }
th[scope="row"] { font-weight: 600; }
thead th { border-bottom: 1.5px solid var(--ink); }
tbody th, tbody td { border-bottom: 1px solid var(--rule); }
.r { text-align: right; }
details { margin: .8rem 0; }
summary { cursor: pointer; color: var(--mark); }
pre { overflow-x: auto; background: #f6f6f6; padding: .8rem;
  font: .8rem/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
@media print {
  @page { margin: 16mm 14mm; }
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; font-size: 1rem; }
  h1 { font-size: 16pt; } h2 { font-size: 12.5pt; } h3 { font-size: 11pt; }
  nav, details { display: none; }
  h2, h3, h4 { break-after: avoid; }
  figure, .finding, tr { break-inside: avoid; }
  figure svg { min-width: 0; width: 100% !important; max-height: 138mm; }
  .scroll { overflow: visible; }
  .finding.lead { border-left: 5px solid var(--mark); }
.finding.lead p { font-size: 11pt; }
  table { font-size: 7.5pt; } th, td { padding-right: .5em; white-space: normal; }
  thead { display: table-header-group; }
}
"""

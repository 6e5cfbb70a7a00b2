/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_style.c - how report.html looks: one column of text, numbers in line, colour only where it
 * carries meaning, and never colour alone. Light and dark by the reader's preference; prints well.
 */
#include "page.h"

const char *const page_style[] = {
    ":root{color-scheme:light dark;--bg:#fff;--ink:#1b1f24;--dim:#626b77;--line:#e2e5e9;"
    "--soft:#f5f6f8;--ok:#2b7bd0;--fail:#c2186b;--info:#c77700;--bad:#b3261e;--good:#17714a;"
    "--open:#8a5a00;--broken:#5b4bb7;--t0:#6d7a8c;--t1:#a8324a;--t2:#7a5cc0;--t3:#0f8577;"
    "--t4:#9a6b1f;--t5:#56707f}\n",
    "@media(prefers-color-scheme:dark){:root{--bg:#14171b;--ink:#e4e7eb;--dim:#98a2af;"
    "--line:#2c323a;--soft:#1c2127;--ok:#5ea6f0;--fail:#f0589f;--info:#f0a030;--bad:#ff7a70;"
    "--good:#4cc38a;--open:#e0ad4b;--broken:#a99bff;--t0:#8d9bb0;--t1:#e0607a;--t2:#a58ae6;"
    "--t3:#45b8a8;--t4:#cf9d4a;--t5:#86a3b3}}\n",
    "*{box-sizing:border-box}\n",
    "body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"
    "'Segoe UI',Roboto,'Helvetica Neue','Noto Sans','DejaVu Sans',sans-serif;"
    "font-variant-numeric:tabular-nums}\n",
    "main{max-width:980px;margin:0 auto;padding:32px 28px 64px}\n",
    "h1{font-size:1.55rem;line-height:1.32;font-weight:600;letter-spacing:-.01em;margin:.1em 0 "
    ".8em;"
    "max-width:36em;overflow-wrap:anywhere}\n",
    "h2{font-size:1.08rem;font-weight:600;margin:0 0 .7em}\n",
    "section{margin-top:2.6rem}\n",
    "code,pre,.timeline text,.story,.log{font-family:ui-monospace,'SF Mono',Menlo,Consolas,"
    "'DejaVu Sans Mono',monospace}\n",
    ".verdict{border-left:6px solid var(--v);padding:.2rem 0 .2rem 1.4rem}\n",
    ".verdict.bad{--v:var(--bad)}.verdict.good{--v:var(--good)}.verdict.open{--v:var(--open)}"
    ".verdict.broken{--v:var(--broken)}\n",
    ".run{margin:0 0 .5rem;color:var(--dim);font-size:.9rem;overflow-wrap:anywhere}\n",
    ".word{margin:0;color:var(--v);font-weight:700;font-size:1.05rem;letter-spacing:.02em}\n",
    ".facts{display:flex;flex-wrap:wrap;gap:.5rem 2.2rem;margin:0}\n",
    ".facts dt{color:var(--dim);font-size:.8rem}.facts dd{margin:0;font-weight:500}\n",
    ".note,.dim,footer{color:var(--dim)}.note{font-size:.86rem;margin:.6em 0 0;max-width:46em}\n",
    ".dim{font-weight:400}\n",
    ".explanation{max-width:46em;margin:0 0 1.2em;white-space:pre-line;overflow-wrap:anywhere}\n",
    ".command{background:var(--soft);border:1px solid var(--line);border-radius:6px;"
    "padding:.8em 1em;margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.88rem}\n",
    ".command span{display:inline-block;max-width:100%}.scroll{overflow-x:auto}"
    ".tall{max-height:36rem;overflow:auto}.tall tr:first-child th{position:sticky;top:0;"
    "background:var(--bg)}td:has(.swatch){white-space:nowrap}\n",
    "table{border-collapse:collapse;font-size:.88rem;width:100%}\n",
    "th,td{text-align:left;vertical-align:top;padding:.42em 1.1em .42em 0;"
    "border-bottom:1px solid var(--line);overflow-wrap:anywhere}\n",
    "th{font-weight:500}tr:first-child>th,.head th{color:var(--dim);font-weight:400;"
    "white-space:nowrap}.head:not(:first-child) th{padding-top:1.4em}\n",
    ".checkers tr:first-child>th,.settings tr:first-child>th{color:var(--ink);font-weight:500}\n",
    ".num{text-align:right;white-space:nowrap}.swatch{display:inline-block;width:.72em;"
    "height:.72em;border-radius:2px;margin-right:.5em;background:var(--t)}\n",
    ".t0{--t:var(--t0)}.t1{--t:var(--t1)}.t2{--t:var(--t2)}.t3{--t:var(--t3)}.t4{--t:var(--t4)}"
    ".t5{--t:var(--t5)}\n",
    ".badge{font-weight:600;white-space:nowrap}.bad{color:var(--bad)}.good{color:var(--good)}.open{"
    "color:var(--open)}"
    ".verdict.bad,.verdict.good,.verdict.open,.verdict.broken{color:inherit}\n",
    ".checkers th,.settings th{white-space:nowrap;width:1%}.checkers td:nth-child(2){width:1%}\n",
    "details{margin-top:.4em}summary{cursor:pointer;color:var(--dim)}details ul{margin:.4em 0;"
    "padding-left:1.2em}\n",
    ".availability th{white-space:nowrap}.cell{background:rgba(0,0,0,0);padding-left:.6em;"
    "line-height:1.4}\n",
    ".s3{box-shadow:inset 3px 0 var(--good)}.s2{box-shadow:inset 3px 0 var(--info)}"
    ".s1,.s0{box-shadow:inset 3px 0 var(--bad)}\n",
    ".links{width:auto;margin:.4em 0 .8em}.links th{white-space:nowrap}.links td,.links th{"
    "padding-left:.7em;line-height:1.35}.hit{box-shadow:inset 3px 0 var(--t)}\n",
    ".story{font-size:.84rem;line-height:1.6;padding-left:2.4em;margin:1em 0 0}\n",
    ".story li{margin-bottom:.25em;overflow-wrap:anywhere}.story .decisive{font-weight:600}\n",
    ".index{color:var(--dim);font-weight:400}\n",
    ".log{font-size:.78rem;line-height:1.5;background:var(--soft);border:1px solid var(--line);"
    "border-radius:6px;padding:.7em .9em;margin:.5em 0 0;white-space:pre-wrap;"
    "overflow-wrap:anywhere}.log mark{background:none;color:var(--bad);font-weight:600}\n",
    "footer{margin-top:3.4rem;font-size:.82rem;border-top:1px solid var(--line);padding-top:1em}\n",
    "svg{display:block;max-width:none}svg text{fill:var(--ink);font-size:12px}\n",
    ".band{fill:var(--t);fill-opacity:.13}.fault{fill:var(--t)!important}.fault .f{font-weight:600}"
    "text.fault{font-family:inherit!important;font-size:11.5px}\n",
    ".row{stroke:var(--line);fill:none}.who{text-anchor:end}.who .node,.node{fill:var(--dim)}\n",
    ".tick{stroke:var(--dim);stroke-opacity:.28;stroke-dasharray:2 3;fill:none}\n",
    "text.time{fill:var(--dim);text-anchor:middle;font-size:11px}\n",
    ".bar.ok{--c:var(--ok)}.bar.fail{--c:var(--fail)}.bar.info{--c:var(--info)}\n",
    ".bar rect{fill:var(--bg);stroke:var(--c);stroke-width:1.4}\n",
    ".bar text{text-anchor:middle;font-size:12.5px}.bar text.left{text-anchor:start}\n",
    ".bar .no{fill:var(--c);font-weight:700}\n",
    ".bar .start{stroke:none;fill:var(--c);fill-opacity:.16}.bar .open{fill:none;stroke:var(--c);"
    "stroke-width:1.4;stroke-dasharray:4 3}\n",
    ".bar.decisive rect{stroke:var(--bad);stroke-width:2.4}.bar.decisive .no{fill:var(--bad)}\n",
    ".chart{width:100%;min-width:680px;height:auto}.chart text{font-size:11px;fill:var(--dim);"
    "font-family:inherit!important}.chart .name{fill:var(--ink);font-weight:500}\n",
    ".chart .grid{stroke:var(--line);fill:none}.chart .phase{stroke:var(--dim);"
    "stroke-dasharray:1 3;fill:none}.chart text.fault{fill:var(--t)}\n",
    ".chart .gantt{fill:var(--t);fill-opacity:.8}.chart .idle{fill:none;stroke:var(--t);"
    "stroke-dasharray:3 2}\n",
    ".chart .witness{stroke:var(--bad);stroke-width:1.5;fill:none}.chart text.witness{"
    "fill:var(--bad);stroke:none;font-weight:600}\n",
    ".a-ok{fill:var(--ok);fill-opacity:.75}.a-fail{fill:var(--fail)}.a-info{fill:var(--info)}\n",
    ".p{fill:none;stroke-width:3;stroke-linecap:square}.p.ok{stroke:var(--ok)}"
    ".few .p{stroke-width:4;stroke-linecap:round;stroke-opacity:.8}"
    ".p.fail{stroke:var(--fail)}.p.info{stroke:var(--info)}\n",
    ".q{fill:none;stroke:var(--ink);stroke-width:1.2;stroke-linejoin:round}"
    ".q.p99{stroke-dasharray:4 3;stroke-opacity:.75}\n",
    ".clock{fill:none;stroke:var(--t3);stroke-width:1.6;stroke-linejoin:round}.clock.monotonic{"
    "stroke-dasharray:5 3}.chart .zero{stroke:var(--dim);stroke-opacity:.55;fill:none}\n",
    ".legend{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;font-size:.84rem;color:var(--dim);"
    "margin:.2rem 0 0}.legend i{display:inline-block;width:.8em;height:.8em;border-radius:2px;"
    "margin-right:.45em}.legend .line{height:0;width:1.4em;border-top:1.6px solid var(--ink);"
    "border-radius:0;vertical-align:.3em}.legend .dash{border-top-style:dashed}\n",
    ".legend .clocks{border-top-color:var(--t3)}.legend .ok{background:var(--ok)}.legend "
    ".fail{background:var(--fail)}"
    ".legend .info{background:var(--info)}\n",
    "@media print{main{max-width:none;padding:0}tr,svg{break-inside:avoid}.tall{max-height:none}"
    "body{font-size:12px}details>*{display:block}}\n",
    NULL,
};

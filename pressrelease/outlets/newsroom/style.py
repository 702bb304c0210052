"""The newsroom's one style sheet, inside each page: no page ever waits for another file.

Colors are chosen for contrast (WCAG 2.1, 1.4.3): ink 15.9:1, muted 7.3:1, link 10.6:1, all on white; white on the
masthead 13.4:1.
"""

from __future__ import annotations

STYLE = """\
:root{--ink:#17202b;--muted:#4a5563;--link:#12406f;--mast:#14283f;--rule:#d5dae0;--wash:#f4f6f8;--gold:#b08d3c;\
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;\
--serif:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,"DejaVu Serif",serif}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;color:var(--ink);background:#fff;\
font:1.125rem/1.65 var(--serif);overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
a:hover{text-decoration-thickness:.14em}
:focus-visible{outline:3px solid #b35900;outline-offset:2px;border-radius:1px}
main:focus{outline:none}
.skip{position:absolute;left:-100vw;top:0;background:#fff;padding:.75rem 1.25rem;font:600 1rem var(--sans);z-index:1}
.skip:focus{left:0}
.inner{width:100%;max-width:46rem;margin:0 auto;padding:0 1.25rem}
.masthead{background:var(--mast);border-bottom:4px solid var(--gold);color:#fff;font-family:var(--sans)}
.masthead .inner{display:flex;flex-wrap:wrap;gap:.25rem 2rem;justify-content:space-between;align-items:baseline;\
padding-top:1.1rem;padding-bottom:1rem}
.masthead a{color:#fff;display:inline-block;padding:.3rem 0}
.masthead :focus-visible,.foot :focus-visible{outline-color:currentColor}
.office{font:700 1.25rem/1.3 var(--serif);text-decoration:none;letter-spacing:.01em}
.office:hover{text-decoration:underline}
.masthead nav{font-size:.95rem}
main{flex:1;padding:2.25rem 0 3rem}
.slip{display:flex;flex-wrap:wrap;gap:1rem 3rem;justify-content:space-between;font:.95rem/1.5 var(--sans);\
color:var(--muted);border-bottom:1px solid var(--rule);padding-bottom:1.25rem;margin-bottom:2rem}
.slip p,.contact p{margin:0}
.line{font-weight:700;letter-spacing:.06em;color:var(--ink)}
h1{font:700 2.15rem/1.2 var(--serif);margin:0 0 .75rem;text-wrap:balance}
.subhead{font-size:1.3rem;line-height:1.45;font-style:italic;color:var(--muted);margin:0 0 1.5rem}
.related{background:var(--wash);border-left:4px solid var(--gold);padding:.8rem 1.1rem;margin:1.5rem 0;\
font:1rem/1.5 var(--sans)}
.related p{margin:0}.related p+p{margin-top:.5rem}
.body h2,.body h3,.body h4{font-family:var(--serif);line-height:1.3;margin:2rem 0 .5rem}
.body h2{font-size:1.45rem}.body h3{font-size:1.2rem}.body h4{font-size:1.1rem}
.body p,.body ul,.body ol{margin:0 0 1.15rem}
.body li{margin-bottom:.35rem}.body li>p{margin-bottom:.5rem}
.body blockquote{margin:1.5rem 0;padding:0 0 0 1.25rem;border-left:3px solid var(--rule);color:var(--muted)}
.body pre{white-space:pre-wrap;font-size:.9em;background:var(--wash);padding:1rem}
.body table{display:block;width:max-content;max-width:100%;overflow-x:auto;border-collapse:collapse;\
margin:1.5rem 0;font:1rem/1.45 var(--sans);overflow-wrap:break-word}
.body th,.body td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-bottom:1px solid var(--rule)}
.body th{border-bottom:2px solid var(--muted)}
.body hr{border:0;border-top:1px solid var(--rule);margin:2rem 0}
.dateline{font-weight:700}
img{max-width:100%;height:auto}
figure{margin:1.75rem 0}figcaption{font:.95rem/1.5 var(--sans);color:var(--muted);margin-top:.4rem}
.files{margin:2rem 0 0}
.files h2,.contact h2{font:700 1rem var(--sans);letter-spacing:.03em;margin:0 0 .5rem}
.files ul{margin:0;padding-left:1.25rem}.files li{padding:.2rem 0}
.size{color:var(--muted);font:.95rem var(--sans)}
.contact{font:1rem/1.6 var(--sans);border-top:1px solid var(--rule);padding-top:1.25rem;margin-top:2.25rem}
.contact a{display:inline-block;padding:.1rem 0}
.end{text-align:center;letter-spacing:.3em;color:var(--muted);margin:2rem 0 0}
.releases{list-style:none;margin:0;padding:0}
.releases li{border-bottom:1px solid var(--rule);padding:1.35rem 0}
.releases li:last-child{border-bottom:0}
.releases h3{font:700 1.25rem/1.35 var(--serif);margin:0 0 .3rem}
.releases h3 a{display:inline-block;padding:.1rem 0;text-decoration-thickness:1px}
.releases h3 a:hover{text-decoration-thickness:2px}
.releases p{margin:0}
.meta{font:.95rem/1.5 var(--sans);color:var(--muted)}
.releases .meta{margin-bottom:.25rem}
.older{margin-top:2.25rem}.older h2{font:700 1rem var(--sans);margin:0 0 .5rem}
.older ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin:0;padding:0;font-family:var(--sans)}
.older a{display:inline-block;padding:.2rem 0}
.year{font:700 1rem var(--sans);letter-spacing:.08em;color:var(--muted);margin:2.25rem 0 0;padding-bottom:.5rem;\
border-bottom:2px solid var(--mast)}
.foot{border-top:1px solid var(--rule);background:var(--wash);font:.95rem/1.6 var(--sans);color:var(--muted)}
.foot .inner{display:flex;flex-wrap:wrap;gap:.5rem 2rem;padding-top:1.25rem;padding-bottom:1.5rem}
.foot a{display:inline-block;padding:.2rem 0}
@media (max-width:34rem){body{font-size:1.0625rem}h1{font-size:1.65rem}.subhead{font-size:1.15rem}\
main{padding-top:1.5rem}.slip{gap:.75rem}\
.body th,.body td{padding:.4rem .5rem}}
@media print{body{display:block}.skip,.masthead nav,.foot,.related{display:none}body{font-size:11pt;color:#000}\
.masthead{background:none;color:#000;border-bottom:1pt solid #000}.masthead a{color:#000}\
.inner{max-width:none;padding:0}main{padding:12pt 0}a{color:#000;text-decoration:none}\
.body a[href^="http"]::after{content:" (" attr(href) ")";font-size:.9em}h1,h2,h3{break-after:avoid}\
p,li{orphans:3;widows:3}figure,tr{break-inside:avoid}}
"""

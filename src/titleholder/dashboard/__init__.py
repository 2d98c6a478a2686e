"""The dashboard: pages kept beside the verdicts, made from them, and believed by nobody.

    dashboard/index.html                              every suite, its state tonight
    dashboard/suites.json                             what the index is made of
    dashboard/suites/{env}/{suite}/index.html         the newest runs: charts, drift, calendar
    dashboard/suites/{env}/{suite}/overview.json      how far the dashboard has come, and titles
    dashboard/suites/{env}/{suite}/history/{month}.json
    dashboard/suites/{env}/{suite}/months/{month}.html
    dashboard/suites/{env}/{suite}/runs/{sequence}.html
    dashboard/suites/{env}/{suite}/runs/{sequence}-card.html    the report card, by a name
    dashboard/suites/{env}/{suite}/runs/{sequence}-bias.html    the bias audit, where there is one
    dashboard/suites/{env}/{suite}/metrics.txt        OpenMetrics

All links are relative, so the pages work from a directory, a bucket and a web server. One more
night reads and writes the objects of its own month, however long the history is. Whatever is lost
or damaged here is made again from the chain (`titleholder dashboard --rebuild`); no verdict is
ever read from it. `entries` says what is kept of a run, `months` and `overview` how runs are put
together, `chart` and `calendar` where marks stand, `pages` makes HTML, `shelf` writes to a store.
"""

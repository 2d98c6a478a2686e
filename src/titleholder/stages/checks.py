def refusal(ws): return ""

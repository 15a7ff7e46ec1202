"""abadeh2024: LSTM and GRU networks that predict the next music genre a Twitter user shares."""

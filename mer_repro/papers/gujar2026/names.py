"""What readers see gujar2026's variants and data sets called, and which rows of the paper they rebuild."""

from __future__ import annotations

from mer_repro.papers.gujar2026 import study

KEY = study.KEY
MOODS = ("happy", "sad", "angry", "calm")
#: A row of the paper's tables 2 and 3, for the variant that rebuilds it.
STATED_ROWS = {"audio_only": "audio", "text_only": "text", "late_fusion": "late", "attention": "ours"}
LABELS = {
    "majority": "majority class",
    "stratified_random": "random, with the class shares of training",
    "logistic_tfidf": "logistic regression: words",
    "logistic_word2vec": "logistic regression: mean word vector",
    "logistic_sentence": "logistic regression: frozen sentence encoder",
    "boosting_descriptors": "gradient boosting: audio",
    "boosting_both": "gradient boosting: audio and words",
    "svm_features": "support vector machine: the set's own 100 descriptors",
    "frozen_audio": "logistic regression: frozen pretrained audio network",
    "audio_only": "network: audio only",
    "text_only": "network: text only",
    "text_finetuned": "network: text only, encoder trained along",
    "text_finetuned_slowly": "network: text only, encoder trained along at a tenth of the rate",
    "late_fusion": "network: late fusion",
    "concatenation": "network: concatenation",
    "attention": "network: attention fusion",
    "attention_modality_dropout": "attention, trained with modality dropout",
    "attention_shuffled_text": "attention, trained on permuted lyrics",
    "attention_scores_concatenated": "scores from the concatenation",
    "attention_input_audio": "768 = attended 512 and f_audio 256",
    "attention_input_sum": "512: attended vector added to the mean",
    "attention_input_wide": "1536 = attended 512 and concatenated 1024",
    "attention_alone": "attention, the attended vector alone (512)",
    "attention_consistency": "with a consistency loss",
    "crnn_256": "network: audio only, 256 frames",
    "crnn_lstm": "network: audio only, LSTM",
    "crnn_steps": "network: audio only, each band left a step of its own",
    "crnn_stack": "network: audio only, bands stacked to 2048",
    "crnn_norm_last": "network: audio only, norm after ReLU",
    "best": "oracle that knows how the songs were made",
}
DATASETS = {
    "tcc_ceds": "tcc_ceds: lyrics, four descriptors; moods from a service's valence and energy",
    "deezer_mood+tcc_ceds": "tags: Deezer moods from listeners' tags, lyrics and six descriptors from tcc_ceds",
    "deezer_mood+musixmatch": "Deezer moods from listeners' tags, lyrics of the Million Song Dataset (musiXmatch)",
    "deezer_mood": "Deezer moods from listeners' tags; the words are tags",
    "deam": "DEAM: 130 openSMILE descriptors",
    "emotify": "Emotify: log-mel spectrograms of 3 s",
    "panda_4qaed": "4QAED: audio without lyrics, quadrants confirmed by listeners",
    "merge": "MERGE: log-mel spectrograms of 3 s, lyrics",
    "merge+panda_4qaed": "MERGE's songs whose clip 4QAED has, official parts: audio without lyrics",
}
#: Data sets on which lyrics and audio can be compared, and their names in sentences.
BIMODAL = {"tcc_ceds": "tcc_ceds", "deezer_mood+tcc_ceds": "tags"}
#: Pairs of variants whose difference is tested, (better?, worse?): the paper's four rows, and what it left out.
PAIRS = (
    ("text_only", "audio_only"),
    ("late_fusion", "audio_only"),
    ("late_fusion", "text_only"),
    ("attention", "audio_only"),
    ("attention", "text_only"),
    ("attention", "late_fusion"),
    ("attention", "concatenation"),
    ("attention", "attention_shuffled_text"),
    ("attention", "attention_modality_dropout"),
    ("attention", "boosting_both"),
    ("boosting_both", "boosting_descriptors"),
)
#: Table 5's row for a rival of attention fusion.
STATED_GAINS = {"audio_only": "t5.audio", "text_only": "t5.text", "late_fusion": "t5.late"}
#: Rows of the paper's table 4 by batch size.
STATED_BATCHES = {1: "single", 16: "small", 64: "medium", 256: "large", 512: "enterprise"}
STAGES = {"network": "network alone", "encoder": "with a BERT of 12 layers", "files": "from audio file and lyrics"}
#: Where the mood is in the planted songs.
CONDITIONS = {
    "redundant": "in both",
    "separable": "valence in the words, arousal in the audio",
    "one_sided": "in the audio, of every song",
    "marked": "in one, at random; the other is empty",
    "misleading": "in one, at random; the other shows a random mood",
}


def short(variant: str) -> str:
    """The label of a network where a table holds nothing else."""
    return LABELS[variant].removeprefix("network: ")

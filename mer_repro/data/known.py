"""What the published tables look like, so that a cut copy of one can be told: digests only, no data."""

#: `mer_repro.data.base.table_digests` of the tables seen so far: head -> [lines, all lines but the last, the last].
TABLES: dict[str, list] = {
    # deam/annotations/annotations averaged per song/dynamic (per second annotations)/arousal.csv
    "a59a613eb49ac2dcbdec56e69819cad6": [1803, "f0490f7e5a8eae3b1f86ae42d607d443", "6176090205f87bde88df97eaca8ca79d"],
    # deam/annotations/annotations averaged per song/dynamic (per second annotations)/valence.csv
    "8ace0cefd9959c12ed8f6d487e160ea0": [1803, "552c5ac4987da99078220fc494c35712", "e34a444437b5db24dd3c9872f2ff6059"],
    # deam/annotations/annotations averaged per song/song_level/static_annotations_averaged_songs_1_2000.csv
    "46e7b326903d7508578b67934f3b6d7c": [1745, "ce475a4c0a4cef56c0fc769887bada08", "7c0b7a5124a791a38af81eee7c90ce2a"],
    # deam/annotations/annotations averaged per song/song_level/static_annotations_averaged_songs_2000_2058.csv
    "1c0ae62da79c4f0cd6f3706d8be6e340": [59, "1ef227383697ea290926a5cd165f7545", "76ff51b51d830508e9aa5c7ab7bcf19b"],
    # deam/derived/opensmile_song_means.csv
    "a6ca7f7acb31c1e0de79b8037346795a": [1803, "aaf6e3e1add5b575af53b70f50a90731", "365c2d5b5d6f67a375a8901dca79de94"],
    # deam/metadata/metadata_2013.csv
    "5b3a8c3f1ae8ae3d9cdbfa3614a3b920": [745, "7b3c3db2f2ffa25b4d102759a60faa39", "4be7c81ac813658417b91ab7d1512e68"],
    # deam/metadata/metadata_2014.csv
    "f4ea01ed876fa769df61f71e6b8cd962": [1001, "4aa2d4326dc3279f1a84d0760bd57d99", "de0de97b60dcc45126238e55291e669e"],
    # deam/metadata/metadata_2015.csv
    "59110718be9b4e9991328ea7e504a725": [59, "cc56f6316b1a687cdb686612038e8d8c", "764014e878d66b450a12dc1575f7afae"],
    # deezer_mood/test.csv
    "529e6f980b4e4d9dfac369eddddb540b": [3515, "6303de9e0ba63a99cfff4981e0e164fa", "9ce14d19b89e52d85f9ec0ffcc18fa21"],
    # deezer_mood/train.csv
    "875d5930dbb6681bc71ca04f6fe7d5f7": [11268, "bff28770ca50011583f4efb05fc85070", "46327affb604af35554aa26198ff6780"],
    # deezer_mood/validation.csv
    "0c16ff033b0b5b26288c57f1cfa27b3d": [3864, "2ccd07991e9619676267682428f37e00", "9d4b2dc33f3826b93601cfc595f64e21"],
    # emomusic/songs_info.csv
    "a4f943302c17e0ce9b57b13e35e59f70": [745, "e3e89276e5b345466aafc18e4a8ac444", "9807ff3f7a68b65fed111f46da93e80c"],
    # emomusic/static_annotations.csv
    "238fc0295d1293c27163007e77cd1ea4": [745, "ac9f5215eed73b6ed4ad50e8457309f1", "439910876986273d8ce85980e1b71011"],
    # emotify/data.csv
    "44b7ffbd3a6da7481cf9cc5a1ad3f4aa": [8408, "8633fae49dc7eccf242ece8d9d7885d0", "a07b4416e8d86de5b0adca142f541265"],
    # emotify/info.csv
    "badd6eeae76e5626679e068bc557e4d9": [401, "b49cd224d6d991e7a10a952e0de365aa", "7d3a42af6020cf7e42d22084b0198c35"],
    # emotify/labels.csv
    "25e2ca99edbce8ea71cf3cb588691269": [401, "8ccacb99f000aef4378a5a712fbd51c3", "14958abc0f1af212a1b21c0970002b47"],
    # hetrec2011_lastfm/artists.dat
    "76170b7c552a1697b98afbf7af8a8096": [17633, "b47a6f4d8c906368f8b8a79f718df8a5", "c1836b79cc04334186587c265ddd2e61"],
    # hetrec2011_lastfm/tags.dat
    "a2bdeca144b9fa93b306466d070c8a12": [11947, "794e41e8ed93a6266bc98278dee886f1", "72388beddd34f7f3ea7a24fc82e6af57"],
    # hetrec2011_lastfm/user_artists.dat
    "112e8c1f0074349af7d4ed02424c9765": [92835, "2d92461d71d9dbedceae6378e37ef9a1", "38107fb2ccfd0b01e0e4622d8f827d3c"],
    # hetrec2011_lastfm/user_taggedartists.dat
    "fab3fafc0036b6113b2d9e5832706bd1": [
        186480,
        "fb677c5be726f0728c956e7a536a2022",
        "f8a0a2ff1f7d7408972ebb7aa67a3e1c",
    ],
    # lastfm1k/sample_events_one_user.tsv
    "5bc875d63eeeede8281d66b6f1c59e5c": [86, "177c71635c0ae8e22a10b60d75314e49", "9750fe8cd4d4a0e98d6fea10242e25b1"],
    # lastfm1k/userid-profile.tsv
    "f96003f83335425fa5bbd7bbb56e64e0": [993, "9612b0fe2a933d2b2cbabab21309f964", "eaba9347a38e53868a31c9d8050e35aa"],
    # merge/MERGE_Bimodal_Complete/merge_bimodal_complete_av_values.csv
    "a2c72c1deb96886e0802e0411006f636": [2217, "33541a234e97e993baf46ebf818ad8ca", "830b164e47e3cdab7a65ef62860d87e5"],
    # merge/MERGE_Bimodal_Complete/tvt_dataframes/tvt_70_15_15/tvt_70_15_15_test_bimodal_complete.csv
    "9db9ffa7544c69f5082f409428719532": [333, "9a40205e1245ac8c50ff6f2eed61e9c3", "e88e0d0c467db12797bd1514ae8bf5fd"],
    # merge/MERGE_Bimodal_Complete/tvt_dataframes/tvt_70_15_15/tvt_70_15_15_validate_bimodal_complete.csv
    "908c65b112e3cdb83c0982d8fcacc168": [333, "8f21ca7c26ee3fbd33856dc556f9a17c", "2b73f438b2d53d6416415b604a7d542a"],
    # msd/msd_tagtraum_cd1.cls
    "f32debf9599b96b60466c564165d76e9": [
        133676,
        "3fe96af1a41c7f7b027744d33d2ccc6a",
        "6c6e9893ef4d120c58e6e50be60f8303",
    ],
    # msd/mxm_dataset_test.txt
    "6911215c1021a81d5120bf546bdedcb9": [8278, "a21497a748e3ec0602b2c7eff51d62cb", "cdddcb23e040d2b3a65b85056ae5b092"],
    # msd/mxm_dataset_train.txt
    "0314029b113eaf9c52ea987daeb0ab4a": [133, "cdbc6f1d2c19ed404be66c2edeffba56", "1c8f4360828463cd52a80728b1afe805"],
    # msd/mxm_reverse_mapping.txt
    "6d8fdc4a49e45dcfb2ccc230a1dff1e2": [5000, "f61932db19713219d822205caa634352", "7c60e225c641bc6ba28599c465b31325"],
    # mxmh/mxmh_survey_results.csv
    "6458139293efe5c990ac13c1ef55280f": [737, "57b17ba6285d87305a4e6a1a5335838a", "1280b8aad976736584621d26642bc995"],
    # pmemo/annotations/dynamic_annotations.csv
    "a1b329bb0a51119032e7c8d806d994a2": [36435, "b33c8d923bebb6883c7cc5b05bce7581", "3dd37969130dd83a89a26f7a663f3469"],
    # pmemo/annotations/dynamic_annotations_std.csv
    "3a1c9d12210091b7b3e57778f371951b": [36435, "07af3590c1bba056c3fb10df7398b071", "f4bf6ed95caf60cf23927784531c6a2a"],
    # pmemo/annotations/static_annotations.csv
    "f6c157ed341ba3a129d9ad8e275d093d": [768, "1d54174ccb1f929b4c861da568165232", "defba67c61803dbbfa4cd26716965de1"],
    # pmemo/metadata.csv
    "9c4002b3d0ea6ab357b9089c4b1c048b": [795, "e72a9f8db37851df36302ac4d81e1329", "b1931067ab7f414a51c446b641de6c46"],
    # situnes/Stage1/interactions.csv
    "2593e4c7b4fdf7f643e9e3cf3e869f02": [601, "0b0795c9d3f8495c173b79d02af7a104", "caff5e5d8a1c9d76245e724ce6535da0"],
    # situnes/Stage2/interactions.csv
    "5376127eae3d9f822e3001788f3592f5": [898, "0667ec0e89fe6d32cb7e1d57720aec7b", "c0fdd3abc9a4786e780ed68cfc4adb2b"],
    # situnes/Stage3/interactions.csv
    "24e7dbd1ef7607c509be9301361c3f86": [510, "1c659186301b0c380ecff327d1e66cab", "15367491f1cbca0386dcafd4aaae6519"],
    # situnes/music_metadata/music_info.csv
    "113be5635deb36a61e603881219a7d15": [947, "f938ea8c922740f239644e629b9ee7e9", "cbd10c0b2477f57cd21c4a6d41a2f730"],
    # tcc_ceds/tcc_ceds_aiproject_499.csv
    "1731af09a65a1bb6658877606e5febc8": [500, "769f3b10a5322d85115123f72c1aaf26", "ecee8320ab55987d57c307ffd869b5be"],
    # tcc_ceds/tcc_ceds_ghostwriter_pop1950-1990.csv
    "804d0440ffce4bee3be3fd3d39cc2415": [3734, "83f35aa84b50fe48c4edb4b309a2a4b9", "ce71047edbe95ce790924d6cb43bda53"],
    # tcc_ceds/tcc_ceds_vbsdj_1000_7genres.csv
    "b07e3d18bbdf260658a4de312de6c853": [1001, "2a7391f33c9133598890e360468b651f", "a361cd5cc29646f55f81d1e338e68d36"],
    # vgmidi/vgmidi_labelled.csv
    "a42f56cf148d24c8e92224bb035a2c0b": [205, "6a1e685faa5f01d2af68704e0836cf59", "7bad728a0069a833b2807719ae8c32f0"],
}

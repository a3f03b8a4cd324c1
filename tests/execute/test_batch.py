def test_the_researchers_variables_of_places_are_part_of_the_key(tmp_path, monkeypatch):
    file = tmp_path / "covariates.csv"
    monkeypatch.setattr(paths, "COVARIATES", file)
    without = inputs.of_codebook()
    file.write_text("place_code,year,population\n532328,2022,215000\n")
    one = inputs.of_codebook()
    file.write_text("place_code,year,population\n532328,2022,216000\n")
    assert len({without, one, inputs.of_codebook()}) == 3

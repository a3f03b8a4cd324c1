import pytest

from analysis.extract.frameworks import follows, says

HEADINGS = {
    "outline_2015": ["依法全面履行政府职能", "完善依法行政制度体系", "推进行政决策科学化、民主化、法治化", "全面推进政务公开"],
    "outline_2021": [
        "健全政府机构职能体系,推动更好发挥政府作用", "健全行政决策制度体系,不断提升行政决策公信力和执行力",
        "健全法治政府建设科技保障体系,全面建设数字法治政府", "加强党的领导,完善法治政府建设推进机制",
    ],
    "index": ["政府职能依法全面履行", "依法行政制度体系完善", "重大行政决策科学民主合法", "行政权力制约监督科学有效"],
    "own": ["重理论,深入学习宣传", "强布局,扎实推进", "聚合力,化解争议", "依法全面履行政府职能"],
}  # fmt: skip


@pytest.mark.parametrize("framework", HEADINGS)
def test_the_list_that_headings_follow(readers, framework):
    assert follows(HEADINGS[framework], readers.codebook) == framework


def test_no_headings_follow_nothing(readers):
    assert follows([], readers.codebook) == "own"


def test_marker_words_are_compared_at_one_width(readers):
    pattern = readers.codebook.marker_pattern("cites_2021")
    assert says(pattern, "《法治政府建设实施纲要(2021-2025年)》")
    assert not says(pattern, "《法治政府建设实施纲要(2015-2020年)》")
    assert not says("", "任何文本")

"""Django's own sentences in this site's Korean."""

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from accounts.models import User
from chatbot_site.retranslated import RETRANSLATED


def test_each_has_a_korean_of_our_own() -> None:
    with translation.override("ko"):
        said = {sentence: gettext(sentence) for sentence in RETRANSLATED}
    assert said["Select %s to view"] % "감사 기록" == "감사 기록 목록"
    assert not [sentence for sentence, korean in said.items() if "(으)로" in korean or "를(을)" in korean]


@pytest.mark.django_db
def test_the_heading_of_a_list_is_korean_as_one_says_it(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    page = client.get("/admin/accounts/user/", headers={"accept-language": "ko"}).content.decode()
    assert "<h1>사용자 목록</h1>" in page

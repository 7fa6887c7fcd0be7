"""Phrases and words that tell what a page is: an error message, a translation, advertising, pornography, a policy."""

from __future__ import annotations

from typing import Final

#: What servers and site software say instead of a page.
ERROR_PHRASES: Final = (
    "お探しのページは見つかりません",
    "お探しのページが見つかりません",
    "ページが見つかりません",
    "ページは見つかりません",
    "ページが存在しません",
    "ページは存在しません",
    "ページは、削除された",
    "ページは削除された",
    "ページは、移動または削除され",
    "ページは移動または削除され",
    "一時的にアクセスできない",
    "一時的にアクセスができない",
    "アクセスが集中して",
    "アクセス権限がありません",
    "アクセスが拒否されました",
    "サーバーでエラーが発生",
    "サーバエラーが発生",
    "内部サーバーエラー",
    "ただいまメンテナンス中",
    "現在メンテナンス中",
    "URLが間違っている",
    "URL が間違っている",
    "URLに間違いが",
    "URL に間違いが",
    "URLをご確認",
    "URLをお確かめ",
    "JavaScriptを有効に",
    "404 Not Found",
    "404 NOT FOUND",
    "404 Error",
    "404 エラー",
    "403 Forbidden",
    "Forbidden",
    "500 Internal Server Error",
    "503 Service Unavailable",
    "503 Service Temporarily Unavailable",
    "Page not found",
    "Page Not Found",
    "Page not Found",
    "File not found",
    "File Not Found",
)

#: What translations from English write and Japanese leaves out or says otherwise: pronouns and demonstratives, "may",
#: "in order to", "have", "various", "many", "the most", "it is important", "is known as", and connectives that begin
#: sentences. Each occurs in good Japanese, but not so many of them.
TRANSLATION_PHRASES: Final = (
    *("あなた", "私は", "私の", "私たちは", "私たちの", "私達", "我々は", "我々の", "彼は", "彼の", "彼女は"),
    *("彼女の", "彼らは", "彼らの", "彼女ら", "それら", "これらの", "それは", "それを", "それが"),
    *("これにより", "を可能に", "可能性があ", "必要とし", "することで、", "するために", "するための"),
    *("に役立", "に関連", "に依存", "いくつかの", "さまざまな", "様々な", "多くの", "ほとんどの", "1つの"),
    *("１つの", "最も", "最高の", "最適な", "重要です", "重要な", "異なります", "を持って", "を持つ"),
    *("を与え", "が含まれ", "を含み", "を提供", "を理解", "を学ぶ", "を引き起こ", "を楽しむ", "を助け"),
    *("と呼ばれ", "として知られ", "だけでなく", "に加えて", "に関して", "について説明", "たとえば、"),
    *("例えば、", "さらに、", "したがって、", "また、", "一般に、", "最後に、", "同様に、", "その後、"),
    *("次のもの", "次のとおり", "はありません。"),
)

#: The same of what manuals and terms have as well, translated or not: "can", "need", "by …ing", "use", "select",
#: "make sure", "whether", "if".
MANUAL_PHRASES: Final = (
    *("これは、", "することができ", "ことができ", "可能です", "必要があ", "必要です", "することによ"),
    *("ための", "に基づい", "のいずれか", "を含む", "を使用", "を作成", "を取得", "を選択", "を確認", "を示"),
    *("かどうか", "に関する", "場合は、", "場合、", "ただし、", "次のよう", "以下の", "してください"),
    "ではありません",
)

#: What advertisers, affiliates and spammers call for, promise and compare.
PROMOTION_PHRASES: Final = (
    *("今すぐ", "はこちら", "お気軽にお", "お任せ", "おまかせ", "をお探しな", "をご検討", "をお考えの方"),
    *("がおすすめです", "をおすすめし", "お勧めします", "いかがでしょうか", "口コミ", "評判の", "ランキング"),
    *("送料無料", "期間限定", "数量限定", "初回限定", "当日限定", "最安値", "激安", "格安", "お得な", "お得に", "特価"),
    *("割引", "クーポン", "ポイント還元", "キャンペーン", "全額返金", "無料サンプル", "無料体験", "無料相談", "無料で"),
    *("資料請求", "一括査定", "一括見積", "一括比較", "比較サイト", "無料見積", "高価買取", "買取価格", "高く売る"),
    *("公式サイト", "通販サイト", "販売店", "優良業者", "業者を選", "業者さん", "人気の高い", "大人気", "満足度"),
    *("カードローン", "キャッシング", "即日融資", "審査に通", "過払い金", "債務整理", "アフィリエイト", "副業"),
    *("簡単に稼", "稼げる", "必ず儲", "情報商材", "海外FX", "オンラインカジノ", "スーパーコピー", "ブランド品"),
    *("脱毛サロン", "脱毛器", "ダイエットサプリ", "サプリメント", "育毛", "精力剤", "バイアグラ", "豊胸", "婚活サイト"),
    *("引越し業者", "外壁塗装", "雨漏り修理", "水漏れ", "車買取", "試し読み", "電子書籍", "会員登録", "カートに入"),
)

#: What shops, agencies and those who are paid for links write about: prices and offers, orders, comparisons, and the
#: trades that pay for visitors. Good pages have some of them, pages that are made to be found have many different ones.
TRADE_WORDS: Final = (
    *("料金", "価格", "値段", "費用", "相場", "見積", "査定", "買取", "比較", "一括", "無料", "格安", "激安"),
    *("最安", "お得", "割引", "申込", "申し込", "資料請求", "予約", "購入", "注文", "通販", "販売", "送料"),
    *("代引", "在庫", "商品", "正規品", "返品", "ポイント", "クーポン", "セール", "キャンペーン", "限定"),
    *("プラン", "レンタル", "人気", "話題", "おすすめ", "オススメ", "ランキング", "口コミ", "クチコミ"),
    *("評判", "体験談", "サイト", "公式", "ネット", "アプリ", "検索", "サービス", "サポート", "業者", "会社"),
    *("店舗", "専門店", "ショップ", "メーカー", "実績", "即日", "初心者", "保証", "相談", "依頼", "対応"),
    *("保険", "ローン", "融資", "借入", "借金", "キャッシング", "カード", "審査", "投資", "株式", "為替"),
    *("副業", "稼ぐ", "稼げ", "儲か", "アフィリ", "脱毛", "エステ", "サロン", "ダイエット", "サプリ", "美容"),
    *("化粧品", "育毛", "婚活", "出会い", "占い", "引越", "引っ越", "リフォーム", "外壁", "塗装", "屋根"),
    *("雨漏り", "修理", "工事", "駆除", "回収", "清掃", "車検", "中古", "不動産", "土地", "売却", "賃貸"),
    *("葬儀", "弁護士", "示談", "転職", "求人", "派遣", "講座", "資格", "英会話", "教材", "漫画", "マンガ"),
    *("電子書籍", "チケット", "ホテル", "ツアー", "旅行", "カジノ", "パチンコ", "競馬", "宝くじ", "ゲーム"),
    *("ブランド", "財布", "バッグ", "時計", "ワンピース", "レディース", "メンズ", "家電", "通信", "回線"),
    *("携帯", "スマホ"),
)

#: Words of pornography, of which other texts have few. A single one decides nothing: medicine, law and novels have it.
ADULT_PHRASES: Final = (
    *("エロ", "エロい", "エロ動画", "エロ画像", "アダルト", "アダルト動画", "アダルトビデオ", "AV女優", "ＡＶ女優"),
    *("ポルノ", "ヌード", "無修正", "ハメ撮り", "中出し", "潮吹き", "フェラ", "手コキ", "オナニー", "セックス"),
    *("ザーメン", "チンポ", "マンコ", "おっぱい", "巨乳", "美乳", "爆乳", "貧乳", "パンチラ", "盗撮", "痴漢", "痴女"),
    *(
        "熟女",
        "人妻",
        "淫乱",
        "淫ら",
        "卑猥",
        "陵辱",
        "緊縛",
        "調教",
        "童貞",
        "セフレ",
        "ヤリマン",
        "デリヘル",
        "風俗嬢",
    ),
    *(
        "風俗店",
        "ソープランド",
        "出会い系",
        "援助交際",
        "援交",
        "エッチな",
        "パイパン",
        "勃起",
        "射精",
        "挿入し",
        "喘ぎ",
    ),
    *("Porn", "porn", "PORN", "Hentai", "hentai"),
)

#: What C4 takes a line or a page away for, and what Japanese pages say instead.
POLICY_PHRASES: Final = (
    "lorem ipsum",
    "Lorem ipsum",
    "javascript",
    "Javascript",
    "JavaScript",
    "JAVASCRIPT",
    "terms of use",
    "Terms of use",
    "Terms of Use",
    "privacy policy",
    "Privacy policy",
    "Privacy Policy",
    "PRIVACY POLICY",
    "cookie policy",
    "Cookie policy",
    "Cookie Policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
    "利用規約",
    "ご利用条件",
    "プライバシーポリシー",
    "プライバシー・ポリシー",
    "個人情報保護方針",
    "個人情報の取り扱い",
    "個人情報の取扱い",
    "クッキーポリシー",
    "Cookieを使用",
    "Cookieの使用",
    "クッキーを使用",
    "クッキーの使用",
)

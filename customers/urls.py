from django.urls import path

from customers.views import customers, feeds, lists, money, profile

app_name = "customers"
urlpatterns = [
    path("customers/", lists.customer_list, name="list"),
    path("customers/find/", lists.customer_find, name="find"),
    path("customers/<str:customer_no>/", customers.customer_detail, name="detail"),
    path("customers/<str:customer_no>/profile/", profile.customer_profile, name="profile"),
    path("customers/<str:customer_no>/holdings/", money.customer_holdings, name="holdings"),
    path("customers/<str:customer_no>/balances/", money.customer_balances, name="balances"),
    path("customers/<str:customer_no>/reveal/<str:field>/", profile.customer_reveal, name="reveal"),
    path("feeds/", feeds.feed_list, name="feeds"),
    path("feeds/upload/", feeds.feed_upload, name="feed_upload"),
    path("feeds/columns/", feeds.feed_columns, name="feed_columns"),
    path("feeds/columns/<str:kind>/", feeds.feed_sample, name="feed_sample"),
    path("feeds/<int:pk>/", feeds.feed_detail, name="feed"),
    path("feeds/<int:pk>/progress/", feeds.feed_progress, name="feed_progress"),
    path("feeds/<int:pk>/import/", feeds.feed_import, name="feed_import"),
    path("feeds/<int:pk>/discard/", feeds.feed_discard, name="feed_discard"),
    path("feeds/<int:pk>/rejects/", feeds.feed_rejects, name="feed_rejects"),
]
